"""How readers see collections that others share with them: a name, a colour and a place of their own.

Nothing of it changes the collection, or is shown to anybody else.
"""

from typing import NamedTuple

from groupware.core import db
from groupware.core.errors import NotFound
from groupware.core.models import ReaderFace
from groupware.core.resources.collections import Face, check_face


class OwnFace(NamedTuple):
    """What a reader set; "" or -1 where he set nothing."""

    display_name: str = ""
    color: str = ""
    position: int = -1


def list_faces(reader_id: int) -> dict[int, OwnFace]:
    """Return what a reader set, by collection; one query."""
    rows = db.fetch_rows(
        "SELECT collection_id, display_name, color, position FROM core_readerface"
        " WHERE reader_id = %s",
        [reader_id],
    )
    return {row[0]: OwnFace(*row[1:]) for row in rows}


def face_for_reader(reader_id: int, collection_id: int, face: Face) -> None:
    """Set how a reader sees a collection of somebody else's; "" or -1: as its owner shows it.

    Raises `Invalid`, `NotFound` when the collection is gone.
    """
    face = check_face(face)
    columns = {
        "display_name": face.display_name,
        "color": face.color,
        "position": face.position,
    }
    given = {name: value for name, value in columns.items() if value is not None}
    with db.write_transaction():
        if not db.key_share("core_collection", collection_id):
            raise NotFound("The collection is gone.")
        ReaderFace.objects.update_or_create(
            reader_id=reader_id, collection_id=collection_id, defaults=given
        )
