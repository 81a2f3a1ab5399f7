"""What the audit log's actions and details are called on its page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from groupware.core.models import AuditEntry
from groupware.panel.navigation import Text
from groupware.panel.words import ROLES

KINDS: dict[str, Text] = {
    "account": _("account"),
    "address": _("address"),
    "domain": _("domain"),
    "group": _("group"),
    "list": _("list"),
    "grant": _("share"),
    "role": _("role"),
    "queue": _("queue"),
    "application": _("application"),
    "import": _("import"),
    "doctor": _("store"),
    "hold": _("hold"),
    "outside": _("outside mailbox"),
    "retention": _("retention"),
}
"""What entries are of: their actions begin so."""
ACTIONS: dict[str, Text] = {
    "account.create": _("created the account"),
    "account.create-app-password": _("created an app password"),
    "account.delete": _("deleted the account"),
    "account.depart": _("let the account leave"),
    "account.disable": _("disabled the account"),
    "account.enable": _("enabled the account"),
    "account.end-session": _("ended a session"),
    "account.end-sessions": _("ended every session"),
    "account.export": _("asked for a file of everything"),
    "account.invite": _("invited the person"),
    "account.leave": _("moved the account to another domain"),
    "account.load-export": _("loaded a file of everything"),
    "account.remove-photo": _("removed the photo"),
    "account.remove-second-factor": _("turned the second factor off"),
    "account.rename": _("changed name or address"),
    "account.renew-recovery-codes": _("made new recovery codes"),
    "account.reset-second-factor": _("took the second factor away"),
    "account.revoke-app-password": _("revoked an app password"),
    "account.revoke-application": _("took an application's access away"),
    "account.set-password": _("set the password"),
    "account.set-photo": _("set a photo"),
    "account.set-quota": _("changed the space"),
    "account.set-second-factor": _("turned the second factor on"),
    "account.stay": _("let the account stay"),
    "account.take-back-invitation": _("took the invitation back"),
    "account.unlock": _("forgot failed logins"),
    "address.create": _("created the address"),
    "address.delete": _("deleted the address"),
    "address.set-targets": _("changed where the address leads"),
    "application.create": _("registered the application"),
    "application.delete": _("deleted the application"),
    "doctor.examine": _("had the store examined"),
    "domain.create": _("created the domain"),
    "domain.create-key": _("made a DKIM key"),
    "domain.delete": _("deleted the domain"),
    "domain.drop-key": _("deleted a DKIM key"),
    "domain.use-key": _("signs with another DKIM key"),
    "grant.revoke": _("ended a share"),
    "grant.set": _("shared something"),
    "group.add": _("added members"),
    "group.create": _("created the group"),
    "group.delete": _("deleted the group"),
    "group.describe": _("changed what the group is for"),
    "group.remove": _("removed members"),
    "hold.release": _("released the hold"),
    "hold.set": _("put mail on hold"),
    "import.ask": _("looked at a file of accounts"),
    "import.confirm": _("imported a file of accounts"),
    "import.drop": _("dropped a file of accounts"),
    "import.load-secrets": _("loaded the passwords of imported accounts"),
    "list.clear-policy": _("took the list's policy away"),
    "list.set-policy": _("changed who writes to the list"),
    "outside.pause": _("paused an outside mailbox"),
    "outside.remove": _("removed an outside mailbox"),
    "outside.resume": _("resumed an outside mailbox"),
    "queue.drop": _("dropped mail"),
    "queue.hold": _("held mail"),
    "queue.read-header": _("read a message's header"),
    "queue.release": _("released mail"),
    "queue.retry": _("had mail tried again"),
    "retention.remove": _("removed a rule of retention"),
    "retention.set": _("set a rule of retention"),
    "role.grant": _("gave a role"),
    "role.revoke": _("took a role away"),
}
_ACTORS: dict[str, Text] = {
    **ROLES,
    "command": _("on the command line"),
    "server": _("the server itself"),
}
DETAILS: dict[str, Text] = {
    "addresses": _("addresses"),
    "admin": _("administrator"),
    "algorithm": _("algorithm"),
    "alias_of": _("another name of"),
    "becomes": _("what becomes of it"),
    "before": _("before"),
    "client_id": _("application"),
    "collection": _("what"),
    "days": _("days"),
    "deep": _("every message parsed"),
    "description": _("description"),
    "domain": _("domain"),
    "grantee": _("with"),
    "id": _("number"),
    "kind": _("kind"),
    "label": _("name"),
    "mailbox": _("mailbox"),
    "members": _("members"),
    "message_ids": _("messages"),
    "moderators": _("moderators"),
    "name": _("name"),
    "networks": _("networks"),
    "notify": _("the sender is told"),
    "outside": _("outside mailbox"),
    "owners": _("in charge"),
    "post": _("who may write"),
    "quota": _("space"),
    "reason": _("why"),
    "recipient": _("recipient"),
    "recipients": _("recipients"),
    "protocol": _("protocol"),
    "network": _("network"),
    "rights": _("rights"),
    "rows": _("rows"),
    "session": _("session"),
    "role": _("role"),
    "scopes": _("what it opens"),
    "selector": _("selector"),
    "sender": _("sender"),
    "senders": _("writing in its name"),
    "size": _("size"),
    "successor": _("successor"),
    "targets": _("leads to"),
    "to": _("new address"),
    "use": _("use"),
}


def action_word(action: str) -> Text:
    """Return what somebody did, in words; an action that has none as it is called."""
    return ACTIONS.get(action, action)


def actor_word(role: str) -> Text:
    """Return in what role somebody acted; nothing for a person with what is his own."""
    return _ACTORS.get(role, role)


def target_word(entry: AuditEntry) -> str:
    """Return what something was done to: by its name, but what waits to be sent has none."""
    if entry.target_kind != "queue":
        return entry.target
    if entry.target_id is not None:
        return _now("message %(number)s") % {"number": entry.target_id}
    count = len(entry.detail.get("message_ids", ()))
    text = ngettext("%(count)s message", "%(count)s messages", count)
    return text % {"count": count} if count else _now("the queue")


def detail_words(detail: Mapping[str, Any]) -> Sequence[tuple[Text, object]]:
    """Return what an entry tells beside its action, by name; what is empty tells nothing."""
    return [
        (DETAILS.get(name, name), _shown(name, value))
        for name, value in detail.items()
        if value not in ("", None, [], {})
    ]


def _shown(name: str, value: object) -> object:
    if isinstance(value, bool):
        return _now("yes") if value else _now("no")
    if name == "quota" and isinstance(value, int):
        return filesizeformat(value) if value else _now("unlimited")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return ROLES.get(str(value), value) if name == "role" else value
