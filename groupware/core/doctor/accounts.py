"""Accounts: each has its counter, its address and its collections; each address leads on."""

from collections.abc import Iterator

from groupware.core.doctor.collections import RESTORE, SETTLE
from groupware.core.doctor.findings import Examination, Finding, Rule, RuledRows
from groupware.core.doctor.repair import settle_order

_ACCOUNTS = RuledRows(
    tables=(
        "core_account a JOIN core_domain d ON d.id = a.domain_id"
        " LEFT JOIN core_accountstate s ON s.account_id = a.id"
    ),
    columns=(("key", "a.id"), ("where", "a.login"), ("account_id", "a.id")),
    rules=(
        Rule(
            "account-state",
            "s.account_id IS NULL",
            "it has no counter: nothing can be written to it",
            RESTORE,
        ),
        Rule(
            "account-address",
            "NOT EXISTS (SELECT 1 FROM core_address p JOIN core_addresstarget t"
            " ON t.address_id = p.id AND t.account_id = a.id"
            " WHERE p.kind = 'primary' AND p.domain_id = a.domain_id"
            " AND p.local_part || '@' || d.name = a.login)",
            "no primary address of that name leads to it: mail to it is refused",
            "Rename it to another address and back (`account rename`).",
        ),
        Rule(
            "account-collections",
            "NOT EXISTS (SELECT 1 FROM core_collection c WHERE c.account_id = a.id)",
            "it has no collection at all",
            RESTORE,
        ),
        Rule(
            "account-floor",
            "s.tombstone_floor >= s.next_modseq",
            "its tombstone_floor lies above everything that ever happened in it",
            SETTLE,
            settle_order,
        ),
    ),
)
_ADDRESSES = RuledRows(
    tables="core_address p JOIN core_domain d ON d.id = p.domain_id",
    columns=(("key", "p.id"), ("where", "p.local_part || '@' || d.name")),
    rules=(
        Rule(
            "address-target",
            "NOT EXISTS (SELECT 1 FROM core_addresstarget t WHERE t.address_id = p.id)",
            "the address leads to nobody: mail to it is refused",
            "Delete it and create it anew with a target (`address delete`, `address create`).",
        ),
    ),
)


def check_accounts(examination: Examination) -> Iterator[Finding]:
    """Find accounts that lack what every account has, and addresses that lead nowhere."""
    within = examination.within("a.id")
    examination.count("accounts", f"SELECT COUNT(*) FROM core_account a WHERE {within}")
    yield from _ACCOUNTS.find(within)
    if examination.account_id is None:
        yield from _ADDRESSES.find("1 = 1")
