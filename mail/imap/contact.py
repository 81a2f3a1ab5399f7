"""What a session lets be known of its device: its name, that it is there, up to where it was told.

Hot: `note` runs at the end of each command, and costs a few dict writes.
"""

from collections.abc import Sequence

from groupware.core import devices
from groupware.core.auth import Principal
from mail.imap.session import Session

_SHOWN = ("name", "version", "os", "os-version")
"""Fields of ID that tell a program apart from others (RFC 2971 §3.3), in the order of telling."""


def note_login(session: Session, principal: Principal) -> None:
    """Note whose device it is."""
    session.contact = devices.find_contact(principal, "imap", session.network, session.client_name)


def note_name(session: Session, fields: Sequence[tuple[str, str | None]]) -> None:
    """Note what the client calls itself, before its login or behind it."""
    said = {name.lower(): value for name, value in fields if value}
    session.client_name = " ".join(said[name] for name in _SHOWN if name in said)
    if session.contact is not None:
        session.contact = devices.note_client(session.contact, session.client_name)


def note(session: Session) -> None:
    """Note that the client was here, and what it knows of its own mailbox, if it follows modseqs."""
    contact = session.contact
    if contact is None:
        return
    view = session.view
    if view is None or not session.condstore or view.identity.reader_id:
        contact.touch()
    else:
        contact.tell(view.identity.collection_id, view.settled_modseq)
