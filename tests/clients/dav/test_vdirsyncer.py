"""vdirsyncer, khal and todoman: folders, and what people do in them."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.dav.convergence import Folder, Remote, World
from tests.clients.dav.objects import card, event, plain
from tests.clients.dav.servers import DavServer
from tests.clients.dav.vdirsyncer import Vdirsyncer
from tests.clients.dav.visitor import Visitor
from tests.clients.people import Person

ROUNDS = 6


@pytest.fixture
def other(dav: DavServer, second_person: Person) -> Iterator[Visitor]:
    """A session of somebody else."""
    with Visitor(dav, second_person) as session:
        yield session


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_accounts_and_a_folder_converge_and_lose_nothing(
    dav: DavServer, visitor: Visitor, other: Visitor, tmp_path: Path
) -> None:
    seed = random.randrange(1 << 32)
    print(f"The seed of this run is {seed}.")  # noqa: T201 - shown where the test failed
    generator = random.Random(seed)
    program = Vdirsyncer(tmp_path / "vdirsyncer", dav)
    far: dict[str, list[Remote]] = {"ics": [], "vcf": []}
    for name, session in (("first", visitor), ("second", other)):
        calendar = session.make_calendar("team", "VEVENT", "VTODO")
        book = session.make_address_book("people")
        program.pair(f"{name}_calendars", "caldav", session.person, {"team": "team"})
        program.pair(f"{name}_books", "carddav", session.person, {"people": "people"})
        far["ics"].append(Remote(session, calendar))
        far["vcf"].append(Remote(session, book))
    program.discover()
    events = Folder(program.folder("caldav", "team"), "ics")
    cards = Folder(program.folder("carddav", "people"), "vcf")
    worlds = [
        World("event", [events, *far["ics"]], generator),
        World("card", [cards, *far["vcf"]], generator),
    ]
    for world in worlds:
        for copy in world.copies:
            world.fill(copy, 10)
    for _ in range(ROUNDS):
        # What came from one account goes to the other with the second run.
        program.sync()
        program.sync()
        for world in worlds:
            world.check()
            world.change()


def test_what_both_changed_is_as_the_server_has_it(
    dav: DavServer, visitor: Visitor, tmp_path: Path
) -> None:
    calendar = visitor.make_calendar("team", "VEVENT")
    visitor.put(f"{calendar}one.ics", event("one", "First"))
    program = Vdirsyncer(tmp_path / "vdirsyncer", dav)
    program.pair("both", "caldav", visitor.person, {"team": "team"})
    program.discover()
    program.sync()
    folder = Folder(program.folder("caldav", "team"), "ics")
    assert folder.contents() == {"one": plain(event("one", "First"))}
    folder.write("one", event("one", "Local"))
    visitor.put(f"{calendar}one.ics", event("one", "Far"))
    program.sync()
    program.sync()
    assert folder.contents() == {"one": plain(event("one", "Far"))}
    assert visitor.get(f"{calendar}one.ics") == event("one", "Far")


def test_names_and_colours_go_both_ways(dav: DavServer, visitor: Visitor, tmp_path: Path) -> None:
    calendar = visitor.make_calendar("team", "VEVENT")
    program = Vdirsyncer(tmp_path / "vdirsyncer", dav)
    program.pair("both", "caldav", visitor.person, {"team": "team"})
    program.discover()
    folder = program.folder("caldav", "team")
    program.sync_metadata()
    assert (folder / "displayname").read_text() == "team"
    (folder / "displayname").write_text("Équipe")
    (folder / "color").write_text("#aabbcc")
    program.sync_metadata()
    colour = "{http://apple.com/ns/ical/}calendar-color"
    asked = '<D:displayname/><I:calendar-color xmlns:I="http://apple.com/ns/ical/"/>'
    [found] = visitor.properties(calendar, asked).values()
    assert found.findtext("{DAV:}displayname") == "Équipe"
    assert found.findtext(colour, "").lower() in {"#aabbcc", "#aabbccff"}


def test_card_with_umlauts_and_a_photo_comes_as_it_was_put(
    dav: DavServer, visitor: Visitor, tmp_path: Path
) -> None:
    book = visitor.make_address_book("people")
    data = card(
        "zoe", "Zoë Müller", "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=", "NOTE:a\\, b\\; c\\n"
    )
    visitor.put(f"{book}Zoë (1).vcf".replace(" ", "%20").replace("ë", "%C3%AB"), data)
    program = Vdirsyncer(tmp_path / "vdirsyncer", dav)
    program.pair("both", "carddav", visitor.person, {"people": "people"})
    program.discover()
    program.sync()
    folder = Folder(program.folder("carddav", "people"), "vcf")
    assert folder.contents() == {"zoe": plain(data)}


def test_collections_are_found_by_who_knows_the_name_of_the_server_alone(
    dav: DavServer, visitor: Visitor, tmp_path: Path
) -> None:
    calendar, book = visitor.make_calendar("team", "VEVENT"), visitor.make_address_book("people")
    visitor.put(f"{calendar}one.ics", event("one"))
    visitor.put(f"{book}zoe.vcf", card("zoe"))
    program = Vdirsyncer(tmp_path / "vdirsyncer", dav, dav.origin)
    program.pair("calendars", "caldav", visitor.person, {"team": "team"})
    program.pair("books", "carddav", visitor.person, {"people": "people"})
    program.discover()
    program.sync()
    assert set(Folder(program.folder("caldav", "team"), "ics").contents()) == {"one"}
    assert set(Folder(program.folder("carddav", "people"), "vcf").contents()) == {"zoe"}
