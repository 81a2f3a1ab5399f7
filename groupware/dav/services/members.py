"""Writing a member together with what hangs on it."""

from groupware.core import db
from groupware.core.resources.items import Check, Written
from groupware.core.resources.moving import Place, Then
from groupware.dav.writing import Prepared


def put_member(prepared: Prepared, place: Place, check: Check, then: Then) -> Written:
    """Put what was read at a place and do what follows from it, or neither.

    Raises what putting it and `then` raise.
    """
    with db.write_transaction():
        written = prepared.put(place, check)
        then(written)
    return written
