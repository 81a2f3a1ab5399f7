"""A DAV client that follows collections by their sync-tokens, as its reports tell it to."""

from dataclasses import dataclass, field

from groupware.dav.names import caldav, dav
from tests.services.dav.client import Answer, DavClient

_ETAG = "<D:prop><D:getetag/></D:prop>"
_DATA = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
MOST_ANSWERS = 20


@dataclass
class Memory:
    """What a client knows of one collection: entity tags by href, data where it asked for that."""

    token: str = ""
    etags: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew."""
        self.token = ""
        self.etags, self.data = {}, {}


class Follower:
    """One client and what it knows of the collections at some paths."""

    def __init__(self, name: str, client: DavClient, paths: list[str]) -> None:
        self.name = name
        self.client = client
        self.paths = paths
        self.memories = [Memory() for _ in paths]

    def sync(self, number: int, limit: int | None, *, with_data: bool) -> bool:
        """Ask once, and take over what is told; tell whether there is more."""
        memory, path = self.memories[number], self.paths[number]
        inner = f"<D:sync-token>{memory.token}</D:sync-token><D:sync-level>1</D:sync-level>"
        if limit is not None:
            inner += f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>"
        prop = _DATA if with_data else _ETAG
        answer = self.client.report(path, "D:sync-collection", inner + prop)
        if answer.status == 403:
            assert answer.condition() == dav("valid-sync-token")
            assert memory.token, "an empty token is refused"
            memory.forget()
            return True
        number_of_rows = self._take_over(memory, path, answer)
        is_cut = answer.body.find(b"HTTP/1.1 507 ") >= 0
        assert limit is None or number_of_rows <= limit
        assert not is_cut or number_of_rows, "an answer that is cut brings nothing"
        return is_cut

    def _take_over(self, memory: Memory, path: str, answer: Answer) -> int:
        responses = answer.responses()
        count = 0
        for href, response in responses.items():
            name = href.removeprefix(path)
            if not name:
                continue
            count += 1
            if response.find(dav("status")) is not None:
                memory.etags.pop(name, None)
                memory.data.pop(name, None)
                continue
            found = answer.properties(href)
            memory.etags[name] = found[dav("getetag")].text or ""
            memory.data.pop(name, None)
            if caldav("calendar-data") in found:
                memory.data[name] = found[caldav("calendar-data")].text or ""
        memory.token = answer.xml().findtext(dav("sync-token")) or ""
        return count

    def sync_all(self, number: int, limit: int | None, *, with_data: bool) -> None:
        """Ask until there is no more."""
        for _ in range(MOST_ANSWERS):
            if not self.sync(number, limit, with_data=with_data):
                return
        raise AssertionError("the reports have no end")

    def check(self, number: int) -> None:
        """Hold what is known against a PROPFIND of all, and the data against GET."""
        memory, path = self.memories[number], self.paths[number]
        answer = self.client.propfind(path, "D:getetag", depth="1")
        truth = {
            href.removeprefix(path): answer.properties(href)[dav("getetag")].text
            for href in answer.responses()
            if href != path
        }
        assert memory.etags == truth, self.name
        for name, data in memory.data.items():
            read = self.client.request("GET", path + name)
            assert (read.status, read.body.decode()) == (200, data), (self.name, name)
