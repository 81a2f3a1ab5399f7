"""docs/caldav-server-tester.md: what caldav-server-tester says of this server.

`python -m tests.clients.dav.features` runs it against a server of its own and writes the document.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.clients.dav.python_caldav import find_features
from tests.clients.dav.servers import serving_dav
from tests.clients.people import DOMAIN, Person

DOCUMENT = Path(__file__).parents[3] / "docs" / "caldav-server-tester.md"
ONE_URL = "`@` and `%40` are one URL here (RFC 3986 §6.2.2.2), which the tester cannot tell"
EXPLAINED: Mapping[str, str] = {
    "create-calendar.auto": "a PUT makes no calendar (RFC 4918 §9.7.1: 409); MKCALENDAR does",
    "scheduling": "comes later, and is not announced",
    "search.text.comp-type-optional": "a VCALENDAR itself has no such property (RFC 4791 §9.7.2)",
    "search.time-range.comp-type-optional": "a VCALENDAR itself has no time (RFC 4791 §9.9)",
    "url.encode-at.identity": ONE_URL,
    "url.encode-at.literal.principal": "no principal has an `@` in its URL",
    "well-known": "the tester asks at names outside this machine only",
}
"""Why a feature is not wholly there, or is not found."""
HEAD = """\
# What caldav-server-tester says

[caldav-server-tester](https://pypi.org/project/caldav-server-tester/) asks a server for each feature
that clients may want of it. `python -m tests.clients.dav.features` writes this page, and
tests/clients/dav/test_python_caldav.py holds it against what the tester says now.

python-caldav's own functional tests run whole there too. Two of them fail: they look whether an
answer came by way of a proxy, which marks it at a `Content-Type` written so, and this HTTP server
writes names of fields in lower case. Those for scheduling are skipped until it comes.

Where the support is not full, the last column says why.

| feature | support | |
|---|---|---|
"""

Features = Mapping[str, Mapping[str, object]]


def render(features: Features) -> str:
    """Return the document."""
    rows = []
    for name, row in sorted(features.items()):
        support = str(row.get("support", "told"))
        rows.append(f"| `{name}` | {support} | {EXPLAINED.get(name, '')} |\n")
    return HEAD + "".join(rows)


def lacking(features: Features) -> set[str]:
    """Return the features that are not wholly there."""
    return {name for name, row in features.items() if row.get("support", "full") != "full"}


def main() -> None:
    """Write the document."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        person = Person(f"person@{DOMAIN}")
        with serving_dav(place, "") as server:
            server.create_people([person.address])
            DOCUMENT.write_text(render(find_features(server, person, place)))


if __name__ == "__main__":
    main()
