"""Rules of retention, and messages of some age, for tests."""

from groupware.core.clock import epoch
from groupware.core.models import Account
from mail.models import Message
from mail.retention import (
    DAY,
    Rule,
    read_rules,
)
from mail.services import retention
from tests.services.store import append, mailbox


def rule_for(account: Account | None = None, use: str = "INBOX", **fields: object) -> Rule:
    """Return a rule for an account's mailboxes of a use, or everybody's."""
    values = {
        "key": 0,
        "domain_id": None,
        "account_id": account.pk if account else None,
        "collection_id": None,
        "use": use,
        "days": 30,
        "action": "delete",
        "age": "received",
        "spares_flagged": True,
    }
    return Rule(**(values | fields))  # type: ignore[arg-type]


def rule_of_mailbox(account: Account, name: str, **fields: object) -> Rule:
    """Return a rule for one mailbox."""
    return rule_for(account, "", collection_id=mailbox(account, name).collection_id, **fields)


def put(
    account: Account, name: str = "INBOX", *, days: int, arrived: int = 0, flags: int = 0
) -> int:
    """Put a message into a mailbox whose date is `days` ago, and that came `arrived` days ago."""
    moment = epoch()
    put_in = append(account, name, flags=flags, internal_date=moment - days * DAY - 60)
    Message.objects.filter(
        collection_id=mailbox(account, name).collection_id, uid=put_in.uid
    ).update(saved_at=moment - arrived * DAY - 60)
    return put_in.uid


def run_all() -> int:
    """Do everything that all rules say; return how many messages went."""
    rules = read_rules()
    return sum(removed.messages for removed in retention.run(list(rules), rules))
