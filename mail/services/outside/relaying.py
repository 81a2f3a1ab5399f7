"""Through which server the queue sends what is from an address elsewhere."""

from groupware.core.sealing import Unsealable
from mail.flow.relays import NO_TLS, STARTTLS, TLS, Relay
from mail.models import OutsideSender, OutsideTls
from mail.services.outside.senders import read_sender, sender_for

_SECURITY = {OutsideTls.IMPLICIT: TLS, OutsideTls.STARTTLS: STARTTLS, OutsideTls.NONE: NO_TLS}


def find_relay(account_id: int | None, mail_from: str) -> Relay | None:
    """Return the server that takes an account's mail of this address, None for any other."""
    if account_id is None or not mail_from:
        return None
    key = sender_for(account_id, mail_from)
    row = OutsideSender.objects.filter(pk=key).first() if key is not None else None
    if row is None:
        return None
    try:
        password = read_sender(row).password
    except Unsealable:  # the server refuses it, and the queue says so until it is set again
        password = ""
    security = _SECURITY[OutsideTls(row.tls)]
    return Relay(row.host, row.port, security, row.user, password, owner=f"account {account_id}")
