"""What is done to many messages at once over REST.

Messages of one mailbox are one transaction; those of several are several, each all or nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core import db, errors
from groupware.core.errors import GroupwareError, Invalid, NotFound
from groupware.rest.errors import WrongFields
from groupware.rest.paths import ItemConverter, ObjectIdConverter, split_item
from groupware.rest.views import ApiView
from groupware.rest.writing import write
from mail.api.finding import GONE, actor_in, get_readable
from mail.api.flagging import FlagField, parse_names, require_settable
from mail.flags import actor_with
from mail.listing import read_messages
from mail.models.mailbox import SpecialUse
from mail.places import Place, get_place
from mail.queries import get_mailbox_by_id
from mail.services.copying import copy_messages, move_messages
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import find_provided, provide_mailbox
from mail.services.messages import remove_messages
from mail.uidset import Ranges, to_ranges

MOST: Final = 1_000
"""Messages of one request."""
ACTIONS: Final = ("flag", "move", "copy", "trash", "delete")
_OUTCOMES: Final = (
    errors.NotFound,
    errors.NotAllowed,
    errors.Invalid,
    errors.LimitExceeded,
    errors.OverQuota,
    errors.Stale,
)
"""What is told of messages one by one; what stops all of them is the answer itself."""
_FOR_NOW: Final = (errors.Busy, errors.DiskReserve)
"""What stops all of them, and may be over soon: once something was done it is told one by one as well."""

New = Mapping[int, str | None]
"""By UID of what was there, the id that the message has now, None where it has no other."""


class ActionSerializer(serializers.Serializer[Any]):
    """What is to be done, and to which messages."""

    ids = serializers.ListField(
        child=serializers.RegexField(f"^{ItemConverter.regex}$"), min_length=1, max_length=MOST
    )
    action = serializers.ChoiceField(
        ACTIONS, help_text="`delete` is for good, `trash` moves to your Trash."
    )
    mailbox = serializers.RegexField(
        f"^{ObjectIdConverter.regex}$",
        required=False,
        help_text="Where `move` and `copy` go.",
    )
    add = FlagField(required=False, help_text="Flags that `flag` adds.")
    remove = FlagField(required=False, help_text="Flags that `flag` takes away.")


class ResultSerializer(serializers.Serializer[Any]):
    """What became of one message."""

    id = serializers.CharField()
    status = serializers.ChoiceField(
        ("done", "not-found", "refused", "deferred"),
        help_text="What is `deferred` was not done for now: send that again, as a new request.",
    )
    new_id = serializers.CharField(
        allow_null=True, help_text="The id of the copy, or of the message where it is now."
    )
    detail = serializers.CharField(allow_blank=True, help_text="Why it was refused.")


class ResultsSerializer(serializers.Serializer[Any]):
    """What became of each message, in the order of the request."""

    results = ResultSerializer(many=True)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An action that was read: what is done to the messages of one mailbox."""

    account_id: int
    action: str
    target_id: str
    changes: tuple[tuple[StoreOp, int, tuple[str, ...]], ...]

    def owner_of(self, place: Place) -> int:
        """Return the account whose store is written to first."""
        return self._target().info.account_id if self.target_id else place.info.account_id

    def act(self, place: Place, ranges: Ranges) -> New:
        """Do it, under the lock; raises what keeps it from being done."""
        if self.action == "flag":
            self._flag(place, ranges)
            return {}
        if self.action == "delete":
            place.require("te")
            info = place.info
            remove_messages(info.account_id, info.collection_id, ranges, kept=True)
            return {}
        return self._carry(place, ranges)

    def _flag(self, place: Place, ranges: Ranges) -> None:
        actor, info = actor_in(place, self.account_id), place.info
        for op, mask, keywords in self.changes:
            require_settable(place, actor, mask, keywords, some=True)
            store_flags(
                *(info.account_id, info.collection_id, ranges, op, mask, keywords),
                actor=actor,
                wants_rows=False,
            )

    def _carry(self, place: Place, ranges: Ranges) -> New:
        target = self._target()
        target.require("i")
        if not target.info.selectable:
            raise Invalid("That mailbox holds no messages, only other mailboxes.")
        if self.action != "copy":
            place.require("te")
        carry = copy_messages if self.action == "copy" else move_messages
        source, there = place.info, target.info
        copied = carry(
            *(source.account_id, source.collection_id, ranges),
            *(there.account_id, there.collection_id),
            actor_with(self.account_id, target.rights),
        )
        pairs = zip(copied.source_uids, copied.target_uids, strict=True)
        return {uid: f"{there.object_id}-{new}" for uid, new in pairs}

    def _target(self) -> Place:
        return get_place(self.account_id, self.target_id)


class ActionsView(ApiView):
    """Changes of many messages."""

    tag = "Messages"
    scopes: ClassVar[Mapping[str, str]] = {"POST": "mail:write"}

    @extend_schema(
        operation_id="act_on_messages",
        summary="Flag, move, copy or delete messages",
        request=ActionSerializer,
        responses=ResultsSerializer,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Do one thing to many messages. What keeps it from some of them does not from others."""
        given = self.read(ActionSerializer)
        wanted = self._read(given)
        found: dict[str, dict[str, Any]] = {}
        by_mailbox: dict[str, list[int]] = {}
        for text in given["ids"]:
            object_id, uid = split_item(text)
            by_mailbox.setdefault(object_id, []).append(uid)
        for object_id, uids in by_mailbox.items():
            for uid, result in self._act(wanted, object_id, uids, is_first=not found).items():
                found[f"{object_id}-{uid}"] = result
        results = [found[text] for text in dict.fromkeys(given["ids"])]
        return Response(ResultsSerializer({"results": results}).data)

    def _read(self, given: Mapping[str, Any]) -> _Wanted:
        action, target_id = given["action"], given.get("mailbox", "")
        if (action in ("move", "copy")) != bool(target_id):
            raise WrongFields({"/mailbox": "Name it for `move` and `copy`, and for those alone."})
        changes = tuple(
            (op, *parse_names(given[name], f"/{name}"))
            for name, op in (("add", StoreOp.ADD), ("remove", StoreOp.REMOVE))
            if given.get(name)
        )
        if (action == "flag") != bool(changes):
            raise WrongFields({"/add": "Name flags for `flag`, and for that alone."})
        if action == "trash":
            target_id = self._find_trash()
        return _Wanted(self.account_id, action, target_id, changes)

    def _find_trash(self) -> str:
        def provide() -> int:
            return provide_mailbox(self.account_id, SpecialUse.TRASH)

        # What is there is read alone: nothing is written before the messages are.
        found = find_provided(self.account_id, SpecialUse.TRASH)
        trash = found if found is not None else write(self.account_id, provide)
        return get_mailbox_by_id(trash).object_id

    def _act(
        self, wanted: _Wanted, object_id: str, uids: Sequence[int], *, is_first: bool
    ) -> dict[int, Any]:
        """Return by UID what became of the messages of one mailbox."""
        try:
            done = self._write(wanted, object_id, sorted(set(uids)))
        except (*_OUTCOMES, *_FOR_NOW) as error:
            if is_first and isinstance(error, _FOR_NOW):
                raise
            return {uid: _result(object_id, uid, error) for uid in uids}
        gone = NotFound(GONE)
        return {
            uid: _result(object_id, uid, None if uid in done else gone, done.get(uid))
            for uid in uids
        }

    def _write(self, wanted: _Wanted, object_id: str, uids: Sequence[int]) -> New:
        with db.read_snapshot():
            owner_id = wanted.owner_of(get_readable(self.account_id, object_id))

        def under_lock() -> New:
            place = get_readable(self.account_id, object_id)
            rows = read_messages(
                place.info.collection_id, uids, ("uid",), reader_id=place.reader_id
            )
            there = [row["uid"] for row in rows]
            new = wanted.act(place, to_ranges(there)) if there else {}
            return {uid: new.get(uid) for uid in there}

        work: Callable[[], New] = under_lock
        return write(owner_id, work)


def _result(
    object_id: str, uid: int, error: GroupwareError | None, new_id: str | None = None
) -> dict[str, Any]:
    return {
        "id": f"{object_id}-{uid}",
        "status": _status_of(error),
        "new_id": new_id,
        "detail": error.message if error else "",
    }


def _status_of(error: GroupwareError | None) -> str:
    if error is None:
        return "done"
    if isinstance(error, NotFound):
        return "not-found"
    return "deferred" if isinstance(error, _FOR_NOW) else "refused"
