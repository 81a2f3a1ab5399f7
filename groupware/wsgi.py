"""The WSGI application that the web role serves: CalDAV and CardDAV below /dav, pages elsewhere."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groupware.settings")

pages = get_wsgi_application()

# Behind get_wsgi_application: it imports models.
from groupware.dav.mount import mount  # noqa: E402

application: Callable[[dict[str, Any], Any], Iterable[bytes]] = mount(pages)
