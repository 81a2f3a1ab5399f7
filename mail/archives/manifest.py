"""What an export says of its Maildir in a file beside it: what a Maildir has no place for. Pure.

`groupware-maildir.json` at the root names each mailbox and its directory, its special use, its
UIDVALIDITY, and whether it can be selected; and what is subscribed to. `groupware-keywords.json` in a mailbox holds the
keywords that its 26 letters do not.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

MANIFEST = "groupware-maildir.json"
MORE_KEYWORDS = "groupware-keywords.json"
VERSION = 1


class BadManifest(ValueError):
    """The file is not what an export of this version writes; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class ExportedMailbox:
    """A mailbox of an export; `directory` is empty for the root, and for what is only a name."""

    name: str
    directory: str
    special_use: str
    selectable: bool
    uid_validity: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself; it is `whole` once everything that it names is there."""

    version: int
    whole: bool
    account: str
    subscriptions: list[str]
    mailboxes: list[ExportedMailbox]


def serialize_manifest(manifest: Manifest) -> str:
    """Return the text of the manifest."""
    return json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"


def parse_manifest(text: str) -> Manifest:
    """Return what an export says of itself; raises `BadManifest`, also where it was cut off."""
    try:
        data: dict[str, Any] = json.loads(text)
        mailboxes = [ExportedMailbox(**held) for held in data.pop("mailboxes")]
        subscriptions = [str(name) for name in data.pop("subscriptions")]
        manifest = Manifest(**data, mailboxes=mailboxes, subscriptions=subscriptions)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadManifest(f"it cannot be read: {error}") from error
    if manifest.version != VERSION:
        raise BadManifest(f"it is of version {manifest.version}, and {VERSION} is known")
    if any(not _is_plain(held) for held in mailboxes):
        raise BadManifest("a mailbox in it has a directory elsewhere")
    if manifest.whole is not True:
        raise BadManifest("the export was cut off, run it again")
    return manifest


def _is_plain(mailbox: ExportedMailbox) -> bool:
    """Tell whether every field is what it should be, and the directory one below the root."""
    types = (str, str, str, bool, int)
    values: list[Any] = list(asdict(mailbox).values())
    is_typed = all(isinstance(value, kind) for value, kind in zip(values, types, strict=True))
    return is_typed and "/" not in mailbox.directory and mailbox.directory not in {".", ".."}


def serialize_more_keywords(keywords: dict[str, list[str]]) -> str:
    """Return the text of the keywords that have no letter."""
    return json.dumps(keywords, indent=0) + "\n"


def parse_more_keywords(text: str) -> dict[str, list[str]]:
    """Return keywords by unique names; raises `BadManifest`."""
    try:
        found = json.loads(text)
        return {str(name): [str(word) for word in words] for name, words in found.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise BadManifest(f"it cannot be read: {error}") from error
