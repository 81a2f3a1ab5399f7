"""DAV transcripts: their form, and how they are played in memory, through the WSGI application.

A transcript is requests and what must come back:

    # a comment
    @login 1 anna                   session 1 is anna's (2, 3, … likewise)
    @manage grant anna@team.example/calendars/Calendar ben@team.example read
                                    what `manage.py` does with these words has been done
    @message lunch                  the lines up to `@end` are named `lunch`
    C: PUT /dav/<<anna>>/calendar/lunch.ics
    C: If-None-Match: *             header fields; then, behind an empty line, the body
    C:
    C: <<lunch>>
    S: 201                          the status that must come; fields that must be among those told
    S: ETag: "<<etag>>"
    S:
    S: <D:multistatus>…             the body that must come; without one there must be none
    S: ...                          any body

`<<anna>>` is the number of anna's account, `<<lunch>>` the named lines, any other `<<name>>` in `S`
is captured at first sight and must be the same from then on; `...` is any text. XML is compared as
XML: the prefixes D, C, CR, CS and I stand for the namespaces of DAV, the order of elements means
nothing, `<D:responsedescription>` is for people and left out, an element whose text is `...` may
hold anything, and any other must be there with all that is in it and nothing else.
"""

import io
import re
import shlex
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groupware.dav.names import DECLARATIONS
from tests.services.dav.client import Answer, DavClient, client_of
from tests.transcripts.script import Names, Script, Step, read_script

DESCRIPTION = "{DAV:}responsedescription"
ANY = "..."
_ROOT = re.compile(r"(<(?!\?)[A-Za-z]+:[\w-]+)")
_MARK = re.compile(r"<<([\w.-]+)>>")
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Stand in XML for the marks of names."""


@dataclass
class Exchange:
    """One request, and what must come back."""

    number: int
    session: str
    sent: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


class OctetStream(io.RawIOBase):
    """A body of which one octet comes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, _size: int = -1) -> bytes:
        """Return the next octet."""
        return self._data.read(1)


def exchanges(script: Script) -> Iterator[Exchange | Step]:
    """Yield the exchanges of a transcript and its directives, in order."""
    open_: Exchange | None = None
    for step in script.steps:
        if step.kind == "S":
            assert open_ is not None, f"line {step.number}: nothing was sent"
            open_.expected.append(step.text)
            continue
        if open_ is not None and (open_.expected or step.kind != "C"):
            yield open_
            open_ = None
        if step.kind != "C":
            yield step
            continue
        open_ = open_ or Exchange(step.number, step.session)
        open_.sent.append(step.text)
    if open_ is not None:
        yield open_


class DavRunner:
    """One performance of one transcript; with `octets` bodies come an octet at a time."""

    def __init__(self, path: Path, people: dict[str, int], *, octets: bool) -> None:
        self._script = read_script(path)
        known = {name: str(key).encode() for name, key in people.items()}
        self._names = Names({**self._script.messages, **known})
        self._people = people
        self._octets = octets
        self._clients: dict[str, DavClient] = {}

    def run(self) -> None:
        """Play from the first line to the last."""
        directives: dict[str, Callable[[str], None]] = {
            "@login": self._login,
            "@manage": self._manage,
        }
        for played in exchanges(self._script):
            if isinstance(played, Step):
                directives[played.kind](played.text)
            else:
                self._play(played)

    def _login(self, text: str) -> None:
        from groupware.core.models import Account

        session, name = text.split()
        self._clients[session] = client_of(Account.objects.get(pk=self._people[name]))

    def _manage(self, text: str) -> None:
        from tests.commands.running import call

        call(*shlex.split(text))

    def _play(self, exchange: Exchange) -> None:
        answer = self._send(exchange)
        where = f"line {exchange.number}: {answer.status} {answer.headers} {answer.body.decode()}"
        status, *lines = exchange.expected
        assert status == str(answer.status), where
        head, body = _split(lines)
        for line in head:
            name, _, value = line.partition(": ")
            told = answer.headers.get(name.lower(), "")
            assert self._names.match(value, told.encode()), f"{line!r}, {where}"
        expected = "\n".join(body)
        if expected.startswith("<") and not _MARK.fullmatch(expected):
            tree = ET.fromstring(_declared(_hide(expected)))  # noqa: S314 (a file of ours)
            assert self._match(tree, answer.xml()), f"{expected}\n{where}"
        elif expected != ANY:
            told_text = answer.body.replace(b"\r\n", b"\n").rstrip(b"\n")
            wanted = expected.rstrip("\n")
            named = _MARK.fullmatch(wanted)
            if named and (held := self._names.find(named[1])) is not None:
                assert answer.body == held, where
            else:
                assert self._names.match(wanted, told_text), f"{expected!r}, {where}"

    def _send(self, exchange: Exchange) -> Answer:
        request, *lines = exchange.sent
        method, path = (self._names.fill(part).decode() for part in request.split(" ", 1))
        head, body = _split(lines)
        headers = {}
        for line in head:
            name, _, value = line.partition(": ")
            headers[name] = self._names.fill(value).decode()
        data = self._body(body)
        client = self._clients[exchange.session]
        environ = client.environ(method, path.removeprefix("/dav"), data, **headers)
        if self._octets:
            environ["wsgi.input"] = OctetStream(data)
        return client.send(environ)

    def _body(self, lines: list[str]) -> bytes:
        text = "\r\n".join(lines)
        if named := _MARK.fullmatch(text):
            held = self._names.find(named[1])
            assert held is not None, f"{text} was never captured"
            return held
        if text.startswith("<"):
            text = _declared(text)
        return self._names.fill(text)

    # XML.

    def _match(self, expected: ET.Element, told: ET.Element) -> bool:
        """Tell whether an element is the expected one, and keep what it captures."""
        if expected.tag != told.tag or expected.attrib != told.attrib:
            return False
        if (expected.text or "").strip() == ANY and not len(expected):
            return True
        children = [child for child in told if child.tag != DESCRIPTION]
        if len(children) != len(expected):
            return False
        wanted = _show((expected.text or "").strip())
        if not self._names.match(wanted, (told.text or "").strip().encode()):
            return False
        return self._match_all(list(expected), children)

    def _match_all(self, expected: list[ET.Element], told: list[ET.Element]) -> bool:
        """Tell whether there is one of `told` for each expected element, in any order."""
        if not expected:
            return not told
        first, *others = expected
        for place, child in enumerate(told):
            captured = dict(self._names.captured)
            rest = told[:place] + told[place + 1 :]
            if self._match(first, child) and self._match_all(others, rest):
                return True
            self._names.captured = captured
        return False


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return header fields, and the lines of the body behind the empty one."""
    if "" not in lines:
        bodiless = [line for line in lines if line != ANY]
        return bodiless, [ANY] if ANY in lines else []
    place = lines.index("")
    return lines[:place], lines[place + 1 :]


def _declared(text: str) -> str:
    """Return XML with the prefixes declared in its root."""
    declarations: Any = DECLARATIONS.decode()
    return _ROOT.sub(rf"\1 {declarations}", text, count=1)


def _hide(text: str) -> str:
    return _MARK.sub(rf"{_OPEN}\1{_CLOSE}", text)


def _show(text: str) -> str:
    return text.replace(_OPEN, "<<").replace(_CLOSE, ">>")
