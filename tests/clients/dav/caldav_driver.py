"""python-caldav for one person, run by the Python of an environment that has it.

Reads calls as lines of JSON, {id, method, args}, and writes {id, result} or {id, error} for each,
as tsdav/driver.js does. It lies beside the tests that call it, and imports nothing of this tree.
"""

import json
import sys
from typing import Any

from caldav.collection import Calendar  # type: ignore[import-not-found]
from caldav.davclient import DAVClient  # type: ignore[import-not-found]
from caldav.elements import dav  # type: ignore[import-not-found]
from caldav.lib.error import DAVError, NotFoundError  # type: ignore[import-not-found]

KINDS = {"ics": "text/calendar; charset=utf-8", "vcf": "text/vcard; charset=utf-8"}


class Driver:
    """One client; collections are named by their URLs."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._client = DAVClient(**settings)
        self._tokens: dict[str, str] = {}
        self._known: dict[str, set[str]] = {}

    def connect(self) -> dict[str, str]:
        """Look for the principal."""
        return {"principal": str(self._client.principal().url)}

    def calendars(self) -> list[dict[str, str]]:
        """Return the calendars that the home lists."""
        found = self._client.principal().calendars()
        return [{"url": str(each.url), "displayName": each.get_display_name()} for each in found]

    def sync(self, url: str) -> dict[str, list[dict[str, str]]]:
        """Return what came, changed and went since the last time; the first time, all of it."""
        collection = Calendar(client=self._client, url=url)
        token = self._tokens.get(url)
        found = collection.get_objects_by_sync_token(token, disable_fallback=True)
        known = self._known.setdefault(url, set())
        told: dict[str, list[dict[str, str]]] = {"created": [], "updated": [], "deleted": []}
        for each in found:
            place = str(each.url)
            if dav.GetEtag.tag not in each.props or (held := self._get(place)) is None:
                known.discard(place)
                told["deleted"].append({"url": place})
            else:
                told["updated" if place in known else "created"].append(held)
                known.add(place)
        self._tokens[url] = found.sync_token
        return told

    def _get(self, url: str) -> dict[str, str] | None:
        try:
            response = self._client.request(url)
        except NotFoundError:
            return None
        if response.status == 404:
            return None
        return {"url": url, "etag": response.headers["ETag"], "data": response.raw}

    def create(self, url: str, filename: str, data: str) -> dict[str, Any]:
        """Write an object where there is none."""
        return self._write(f"{url}{filename}", data, {"If-None-Match": "*"})

    def update(self, _url: str, held: dict[str, str]) -> dict[str, Any]:
        """Write another version of an object that nobody has changed since."""
        return self._write(held["url"], held["data"], {"If-Match": held["etag"]})

    def remove(self, _url: str, held: dict[str, str]) -> dict[str, Any]:
        """Delete an object that nobody has changed since."""
        return self._request(held["url"], "DELETE", "", {"If-Match": held["etag"]})

    def _write(self, url: str, data: str, headers: dict[str, str]) -> dict[str, Any]:
        kind = {"Content-Type": KINDS[url.rpartition(".")[2]]}
        return self._request(url, "PUT", data, kind | headers)

    def _request(self, url: str, method: str, body: str, headers: dict[str, str]) -> dict[str, Any]:
        try:
            response = self._client.request(url, method, body, headers)
        except DAVError as error:
            return {"status": getattr(error, "status", 0) or 412, "text": str(error)}
        return {"status": response.status, "etag": response.headers.get("ETag")}


def main() -> None:
    """Answer calls until there are no more."""
    driver = Driver(json.loads(sys.argv[1]))
    for line in sys.stdin:
        call = json.loads(line)
        try:
            answer = {"result": getattr(driver, call["method"])(*call["args"])}
        except Exception as error:  # noqa: BLE001 - told to whoever called
            answer = {"error": repr(error)}
        print(json.dumps({"id": call["id"]} | answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
