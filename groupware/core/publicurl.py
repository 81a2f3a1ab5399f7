"""Under which address programs reach this server over TLS."""

from urllib.parse import urlsplit

from django.conf import settings


def secure_url() -> str:
    """Return the server's address, without a slash at its end, for what carries credentials.

    The public URL where it is one of TLS, or where the admin lets credentials come in the clear.
    """
    url: str = settings.GROUPWARE_PUBLIC_URL
    port = settings.GROUPWARE_PORTS["HTTPS"]
    if url.startswith("https://") or settings.GROUPWARE_ALLOW_PLAINTEXT or not port:
        return url
    host = urlsplit(url).hostname or "localhost"
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"
