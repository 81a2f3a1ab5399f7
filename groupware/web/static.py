"""Static files of the installed apps, served by the web role itself: nothing has to be collected.

A table of all of them is made once in a process, so that a path is a key and never a way through
the file system.
"""

import mimetypes
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.contrib.staticfiles.finders import get_finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

CACHING: Final = "public, max-age=3600"


@cache
def static_files() -> dict[str, Path]:
    """Return every static file by its path below /static/; of two by one path the first app's."""
    found: dict[str, Path] = {}
    for finder in get_finders():
        for path, storage in finder.list([]):
            found.setdefault(path, Path(storage.path(path)))
    return found


@cache
def _load(path: str) -> tuple[bytes, str]:
    """Return a file's octets and its entity tag."""
    octets = static_files()[path].read_bytes()
    return octets, quote_etag(sha256(octets).hexdigest()[:32])


@require_safe
def serve_static(request: HttpRequest, path: str) -> HttpResponse:
    """Serve one file; 304 to whom has it."""
    if path not in static_files():
        raise Http404
    octets, etag = _load(path)
    headers = {"ETag": etag, "Cache-Control": CACHING}
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers=headers)
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return HttpResponse(octets, content_type=kind, headers=headers)
