"""Contacts, groups, photos, duplicates and the directory over REST."""

import base64
from typing import Any

import pytest

from groupware.core.directory import set_photo
from groupware.core.models import Account
from tests.api.dates import default_of, got, made, object_id, share, url
from tests.api.speaking import Api, problem
from tests.services.contacts.cards import card, put

pytestmark = pytest.mark.django_db

GIF = b"GIF89a" + bytes(20)
ANN = {
    "name": {"given": "Eva", "family": "Lee"},
    "emails": [{"address": "eva@example.test", "contexts": ["work"], "preferred": True}],
}


def create(api: Api, **fields: Any) -> Any:
    return made(api.post("/contacts", fields))


def names(page: Any) -> list[str]:
    return [each["full_name"] for each in page["items"]]


def book(account: Account) -> int:
    return default_of(account, "addressbooks")


def test_a_contact_is_made_changed_and_deleted(api: Api, ann: Account) -> None:
    response = api.post("/contacts", ANN)
    contact = made(response)
    assert response["ETag"] == contact["etag"]
    assert (contact["full_name"], contact["address_book"]) == ("Eva Lee", object_id(book(ann)))
    assert contact["emails"][0]["preferred"]
    assert got(api.get(url(contact, "contacts"))) == contact
    where = url(contact, "contacts")
    changed = got(api.patch(where, {"phones": [{"number": "112"}]}, If_Match=contact["etag"]))
    assert changed["phones"][0]["number"] == "112"
    assert changed["emails"] == contact["emails"]
    problem(api.patch(where, {"note": "x"}, If_Match=contact["etag"]), 412, "stale")
    problem(api.patch(where, {"note": "x"}), 428, "condition-required")
    assert api.delete(where, If_Match=changed["etag"]).status_code == 204
    problem(api.get(where), 404, "not-found")


def test_what_json_does_not_know_survives_a_change(api: Api, ann: Account) -> None:
    put(ann, book(ann), "Odd", 'X-THING;X-P="a;b":  kept', "IMPP;X-S=1:xmpp:a@b.test")
    [contact] = got(api.get("/contacts"))["items"]
    where = url(contact, "contacts")
    got(api.patch(where, {"note": "Even"}, If_Match="*"))
    raw = api.get(f"{where}/raw")
    assert raw["Content-Type"] == "text/vcard"
    assert b'X-THING;X-P="a;b":  kept\r\nIMPP;X-S=1:xmpp:a@b.test\r\n' in raw.content


def test_a_raw_card_is_stored_octet_for_octet(api: Api) -> None:
    data = card("Raw", "X-THING:1", version="4.0")
    response = api.send("POST", "/contacts", data, kind="text/vcard")
    where = url(made(response), "contacts")
    assert api.get(f"{where}/raw").content == data
    other = data.replace(b"X-THING:1", b"X-THING:2")
    put_ = api.send("PUT", f"{where}/raw", other, kind="text/vcard", If_Match=response["ETag"])
    assert (put_.status_code, put_.content) == (200, other)
    broken = api.send("PUT", f"{where}/raw", b"BEGIN:VCARD", kind="text/vcard", If_Match="*")
    problem(broken, 422, "invalid")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"note": "nobody"}, "/full_name"),
        ({"full_name": "x", "birthday": "May"}, "/birthday"),
        ({"full_name": "x", "kind": "alien"}, "/kind"),
        ({"full_name": "x", "emails": [{}]}, "/emails/0/address"),
        ({"full_name": "x", "addresses": [{}]}, "/addresses"),
        (
            {"full_name": "x", "phones": [{"number": "1", "contexts": ["moon"]}]},
            "/phones/0/contexts/0",
        ),
    ],
)
def test_what_cannot_be_is_told_by_its_field(
    api: Api, fields: dict[str, object], pointer: str
) -> None:
    told = problem(api.post("/contacts", fields), 422, "invalid")
    assert [each["pointer"] for each in told["errors"]] == [pointer]


def test_one_uid_is_once_in_an_address_book(api: Api) -> None:
    create(api, full_name="One", uid="one")
    problem(api.post("/contacts", {"full_name": "Two", "uid": "one"}), 409, "conflict")


def test_pages_go_by_name_and_since_goes_on_from_them(api: Api) -> None:
    made_ = {name: create(api, full_name=name) for name in ("Cid", "Ann", "Eve", "Bob", "Dan")}
    first = got(api.get("/contacts?limit=3"))
    second = got(api.get(f"/contacts?limit=3&cursor={first['next']}"))
    assert names(first) + names(second) == ["Ann", "Bob", "Cid", "Dan", "Eve"]
    got(api.patch(url(made_["Bob"], "contacts"), {"full_name": "Zoe"}, If_Match="*"))
    api.delete(url(made_["Ann"], "contacts"), If_Match="*")
    news = got(api.get(f"/contacts?since={second['state']}"))
    assert (names(news), news["removed"]) == (["Zoe"], [made_["Ann"]["id"]])


def test_contacts_are_found_by_words_and_by_kind(api: Api) -> None:
    eva = create(api, **ANN)
    create(api, full_name="Team", kind="group", members=[eva["uid"]])
    assert names(got(api.get("/contacts?q=eva LEE"))) == ["Eva Lee"]
    [group] = got(api.get("/contacts?kind=group"))["items"]
    assert group["members"] == [eva["uid"]]
    state = got(api.get("/contacts?q=lee"))["state"]
    got(api.patch(url(eva, "contacts"), {"name": {"family": "Bell"}}, If_Match="*"))
    page = got(api.get(f"/contacts?q=lee&since={state}"))
    assert (page["items"], eva["id"] in page["removed"]) == ([], True)


def test_rights_are_asked_of_each_change(api: Api, ann: Account, bens: Api, ben: Account) -> None:
    contact = create(api, **ANN)
    where = url(contact, "contacts")
    problem(bens.get(where), 404, "not-found")
    share(ann, book(ann), ben, "read")
    assert got(bens.get(where)) == contact
    assert names(got(bens.get("/contacts"))) == ["Eva Lee"]
    problem(bens.patch(where, {"note": "x"}, If_Match="*"), 403, "not-allowed")
    problem(bens.delete(where, If_Match="*"), 403, "not-allowed")
    problem(
        bens.send("PUT", f"{where}/photo", GIF, kind="image/gif", If_Match="*"), 403, "not-allowed"
    )
    body = {"full_name": "x", "address_book": object_id(book(ann))}
    problem(bens.post("/contacts", body), 403, "not-allowed")
    share(ann, book(ann), ben, "write")
    assert got(bens.patch(where, {"note": "x"}, If_Match="*"))["note"] == "x"


def test_a_photo_is_put_shown_and_taken_away(api: Api) -> None:
    contact = create(api, **ANN)
    where = url(contact, "contacts") + "/photo"
    problem(api.get(where), 404, "not-found")
    put_ = api.send("PUT", where, GIF, kind="image/gif", If_Match=contact["etag"])
    assert put_.status_code == 204
    shown = api.get(where)
    assert (shown["Content-Type"], shown.content) == ("image/gif", GIF)
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert got(api.get(url(contact, "contacts")))["has_photo"]
    script = api.send("PUT", where, b"<svg onload=x>", kind="image/svg+xml", If_Match="*")
    problem(script, 422, "invalid")
    assert api.delete(where, If_Match=put_["ETag"]).status_code == 204
    problem(api.get(where), 404, "not-found")


def test_a_picture_in_a_card_is_shown_as_what_its_octets_are(api: Api, ann: Account) -> None:
    page = base64.b64encode(b"<html><script>x</script>").decode()
    put(ann, book(ann), "Evil", f"PHOTO;ENCODING=b;TYPE=HTML:{page}")
    [contact] = got(api.get("/contacts"))["items"]
    problem(api.get(f"{url(contact, 'contacts')}/photo"), 404, "not-found")


def test_duplicates_are_found_and_become_one(api: Api, ann: Account) -> None:
    create(api, full_name="Eva Lee", emails=[{"address": "eva@example.test"}], note="Longer text")
    create(api, full_name="Eva Lee", phones=[{"number": "+49 170 123456"}])
    create(api, full_name="Somebody Else")
    query = f"address_book={object_id(book(ann))}"
    [found] = got(api.get(f"/contacts/duplicates?{query}"))["items"]
    assert [each["full_name"] for each in found["contacts"]] == ["Eva Lee", "Eva Lee"]
    contacts = [{"id": each["id"], "etag": each["etag"]} for each in found["contacts"]]
    seen = got(api.post("/contacts/merge", {"contacts": contacts, "preview": True}))
    assert (len(seen["emails"]), len(seen["phones"])) == (1, 1)
    assert len(names(got(api.get("/contacts")))) == 3
    stale = [contacts[0], {**contacts[1], "etag": '"other"'}]
    problem(api.post("/contacts/merge", {"contacts": stale}), 412, "stale")
    merged = got(api.post("/contacts/merge", {"contacts": contacts}))
    assert merged["emails"] == seen["emails"]
    assert names(got(api.get("/contacts"))) == ["Eva Lee", "Somebody Else"]


def test_the_directory_shows_ones_own_domain(api: Api, ann: Account, ben: Account) -> None:
    page = got(api.get("/directory"))
    addresses = {each["emails"][0]["address"] for each in page["items"]}
    assert addresses == {ann.login, ben.login}
    [entry] = [each for each in page["items"] if each["emails"][0]["address"] == ben.login]
    assert got(api.get(url(entry, "directory"))) == entry
    problem(api.get(f"{url(entry, 'directory')}/photo"), 404, "not-found")
    assert api.patch(url(entry, "directory"), {"note": "x"}, If_Match="*").status_code == 405


def test_the_directory_tells_what_changed_and_shows_photos(api: Api, ben: Account) -> None:
    state = got(api.get("/directory"))["state"]
    set_photo(ben.login, GIF)
    page = got(api.get(f"/directory?since={state}"))
    [entry] = page["items"]
    assert entry["has_photo"]
    shown = api.get(f"{url(entry, 'directory')}/photo")
    assert (shown["Content-Type"], shown.content) == ("image/gif", GIF)
    assert got(api.get(f"/directory?since={page['state']}"))["items"] == []
    found = got(api.get(f"/directory?q={ben.login}"))["items"]
    assert [each["id"] for each in found] == [entry["id"]]
