import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from groupware.core.errors import Stale
from groupware.rest.conditions import Match, Version, is_known, read_match
from groupware.rest.errors import BadRequest, ConditionRequired

VERSION = Version("5", "17-lr")


def request(**headers: str) -> Request:
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return Request(APIRequestFactory().get("/", headers=fields))


def test_entity_tag_has_one_part_or_two() -> None:
    assert (Version("5").etag, VERSION.etag) == ('"5"', '"5.17-lr"')


@pytest.mark.parametrize("text", ['"5"', '"5.17-lr"', '"5.9"', '"4", "5.1"', "*", ' "5" '])
def test_a_change_is_for_the_state_that_it_names(text: str) -> None:
    read_match(request(If_Match=text)).check(VERSION)


@pytest.mark.parametrize("text", ['"4"', '"4.17-lr"', '"55"', 'W/"5"', '""', '"1", W/"5"'])
def test_a_change_for_another_state_is_refused(text: str) -> None:
    match = read_match(request(If_Match=text))
    with pytest.raises(Stale):
        match.check(VERSION)


def test_a_change_names_its_state() -> None:
    with pytest.raises(ConditionRequired):
        read_match(request())


@pytest.mark.parametrize("text", ["5", '"5', '"5" "6"', ",", '"a b"', '"5"' + ', "5"' * 100])
def test_what_is_no_entity_tag_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_match(request(If_Match=text))


@pytest.mark.parametrize("text", ['"5.17-lr"', 'W/"5.17-lr"', '"x", "5.17-lr"', "*"])
def test_a_state_that_is_known_is_not_sent_again(text: str) -> None:
    assert is_known(request(If_None_Match=text), VERSION)


@pytest.mark.parametrize("text", ['"5"', '"5.18-lr"', '""'])
def test_a_state_that_is_not_known_whole_is_sent(text: str) -> None:
    assert not is_known(request(If_None_Match=text), VERSION)
    assert not is_known(request(), VERSION)


def test_the_asterisk_matches_whatever_is_there() -> None:
    assert read_match(request(If_Match="*")) == Match(None)
