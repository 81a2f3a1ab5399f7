"""Creating the demo team, whole or not at all."""

from pathlib import Path

from django.conf import settings

from groupware.core import db
from groupware.core.addresses import BadAddress, parse_domain
from groupware.core.clock import now
from groupware.core.directory import (
    NewAccount,
    add_member,
    create_account,
    create_address,
    create_domain,
    create_group,
    get_account,
)
from groupware.core.errors import Invalid
from groupware.core.models import Account, Domain
from groupware.core.rights import find_grantee, grant, parse_rights
from groupware.demo.agenda import read_agenda
from groupware.demo.compose import Composer
from groupware.demo.filing import Filer
from groupware.demo.letters import read_letters
from groupware.demo.passwords import keep_passwords
from groupware.demo.people import People, read_people
from groupware.demo.planning import Planner, write_plans
from groupware.demo.workdays import WorkingDays
from mail.services.listpolicies import PolicyChange, set_policy
from mail.services.messages import prepare_message


def create_demo_team() -> bool:
    """Create the team with its mail, calendars and contacts; return False where a domain or an account is already there.

    Raises `Invalid` for a domain that no address can be in, `DiskReserve`, `Busy`.

    The messages' bytes are durable first, then the passwords, then everything else in one
    transaction: whoever pulls the plug finds the whole team, or none and the next start makes it.
    Writing to several accounts at once is for this alone: no server runs yet.
    """
    if _is_taken():
        return False
    people = read_people(_own_domain())
    letters = read_letters()
    agenda = read_agenda()
    moment = now()
    composer = Composer(people, WorkingDays(moment))
    messages = sorted(map(composer.compose, letters), key=lambda message: message.date)
    prepared = [prepare_message(message.data) for message in messages]
    plans = write_plans(agenda, people, moment)
    with db.write_transaction():
        if _is_taken():  # another server on the same database was faster
            return False
        _create_directory(people, Path(settings.GROUPWARE_DATA))
        filer = Filer(people, letters)
        for message, stored in zip(messages, prepared, strict=True):
            filer.file(message, stored)
        Planner(people, agenda).file(plans)
    return True


def _own_domain() -> str:
    """Return the domain of the settings as addresses have it; raises `Invalid`."""
    try:
        return parse_domain(settings.GROUPWARE_DOMAIN)
    except BadAddress as error:
        raise Invalid(str(error)) from error


def _is_taken() -> bool:
    return Domain.objects.exists() or Account.objects.exists()


def _create_directory(people: People, data: Path) -> None:
    """Create domain, accounts, groups, aliases and grants."""
    create_domain(people.domain)
    passwords = keep_passwords(data, [one.address for one in people.persons()])
    for one in people.accounts:
        password = passwords.get(one.address)
        new = NewAccount(one.address, one.name, one.account, is_admin=one.admin, password=password)
        create_account(new)
    for group in people.groups:
        name = people[group.key].address
        create_group(name, description=group.description)
        for member in group.members:
            add_member(name, people[member].address)
        owners, senders = (
            [people[key].address for key in keys] for keys in (group.owners, group.senders)
        )
        set_policy(name, PolicyChange(group.post, owners=owners, senders=senders))
    for alias, target in people.aliases.items():
        create_address(people[alias].address, [people[target].address])
    for access in people.access:
        owner = get_account(people[access.place].address)
        group_name = people[access.group].address
        grant(owner, None, find_grantee(group_name), parse_rights(access.rights))
