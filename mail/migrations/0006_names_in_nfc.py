"""Mailbox names and subscriptions of before ADR 11 get the form in which they are looked for.

Where two names become one, the later mailbox gets ` (2)` behind its own: nobody's messages are
put together, and both are found. Names above come before those below them, which follow.
"""

import unicodedata
from collections import defaultdict
from itertools import count
from typing import Any

from django.db import migrations
from django.db.models import F

MAX_NAME = 1000
MAX_LEVEL = 255


def normalize_names(apps: Any, _schema_editor: Any) -> None:
    """Rename what is not normalized, account by account."""
    collections = apps.get_model("core", "Collection").objects.filter(kind="mail")
    subscriptions = apps.get_model("mail", "Subscription").objects
    for account_id in sorted(_find_accounts(collections) | _find_accounts(subscriptions)):
        renamed = _plan(dict(collections.filter(account_id=account_id).values_list("name", "id")))
        if renamed:
            modseq = _draw_modseq(apps, account_id)
            for key, name in renamed.values():
                collections.filter(id=key).update(name=name, changed_modseq=modseq)
        names = {old: new for old, (_, new) in renamed.items()}
        _normalize_subscriptions(subscriptions.filter(account_id=account_id), names)


def _find_accounts(rows: Any) -> set[int]:
    named = rows.values_list("account_id", "name").iterator(chunk_size=2000)
    return {account_id for account_id, name in named if name != _nfc(name)}


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _plan(held: dict[str, int]) -> dict[str, tuple[int, str]]:
    """Return (id, new name) of each mailbox that gets one, by its old name."""
    taken = {name for name in held if name == _nfc(name)}
    renamed: dict[str, tuple[int, str]] = {}
    for old in sorted(held, key=lambda name: (name.count("/"), name)):
        if old in taken:
            continue
        above, delimiter, level = old.rpartition("/")
        above = renamed[above][1] if above in renamed else _nfc(above)
        new = _find_free(above + delimiter, _nfc(level), taken)
        taken.add(new)
        renamed[old] = held[old], new
    return renamed


def _find_free(above: str, level: str, taken: set[str]) -> str:
    """Return a name that nothing has; a level that became too long is cut."""
    for number in count(1):
        suffix = f" ({number})" if number > 1 else ""
        room = min(MAX_LEVEL, MAX_NAME - len(above)) - len(suffix)
        name = f"{above}{level[:room].rstrip()}{suffix}"
        if name not in taken:
            return name
    raise AssertionError("numbers end")


def _draw_modseq(apps: Any, account_id: int) -> int:
    state = apps.get_model("core", "AccountState").objects.filter(account_id=account_id)
    state.update(next_modseq=F("next_modseq") + 1)
    return int(state.values_list("next_modseq", flat=True).get()) - 1


def _normalize_subscriptions(subscriptions: Any, renamed: dict[str, str]) -> None:
    """Let subscriptions follow their mailboxes; of two that become one, one stays."""
    held = dict(subscriptions.values_list("name", "id"))
    for old, key in held.items():
        new = renamed.get(old, _nfc(old))
        if new == old:
            continue
        if subscriptions.filter(name=new).exists():
            subscriptions.filter(id=key).delete()
        else:
            subscriptions.filter(id=key).update(name=new)


class Migration(migrations.Migration):
    """Names in Normalization Form C."""

    dependencies = [
        ("core", "0002_account_tombstone_floor"),
        ("mail", "0005_chunks"),
    ]

    operations = [migrations.RunPython(normalize_names, migrations.RunPython.noop)]
