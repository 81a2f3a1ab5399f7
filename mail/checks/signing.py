"""Keys of domains: that those in use can be read."""

from collections.abc import Iterator

from groupware.core.doctor import Examination, Fault, Finding
from mail.services.signing import list_unreadable


def check_signing(examination: Examination) -> Iterator[Finding]:
    """Find keys that were sealed with another secret: what their domains send goes unsigned."""
    if examination.account_id is not None:
        return
    for domain, selector in list_unreadable():
        yield Fault(
            "signing-key",
            domain,
            f"the key {selector} cannot be read, so that mail goes unsigned",
            "Bring DATA/keys back, or make a new key: "
            f"`domain dkim {domain} --drop {selector}`, then `domain dkim {domain}`.",
        )
