"""`manage.py oauth create|list|delete|…`: programs that may ask people for tokens."""

from argparse import Namespace

from groupware.core.directory import get_account
from groupware.core.scopes import SCOPES
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.moments import show_moment
from groupware.management.tables import render_fields, render_table
from groupware.oauth import queries
from groupware.oauth.models import Application
from groupware.oauth.services import applications, tokens
from groupware.oauth.services.applications import NewApplication

_CLIENT = argument("client_id", metavar="CLIENT_ID", help="as `oauth list` says it")
_ACCOUNT = argument("account", metavar="ADDRESS", help="the account's address")


def _create(options: Namespace) -> Answer:
    new = NewApplication(
        options.name,
        tuple(options.redirect_uri),
        frozenset(options.scope),
        is_confidential=options.confidential,
    )
    made = applications.create_application(new)
    fields = [("client id", made.client_id)]
    if made.client_secret:
        fields.append(("client secret", f"{made.client_secret} (it is never shown again)"))
    data = {"client_id": made.client_id, "client_secret": made.client_secret or None}
    return Answer(data, render_fields(fields))


def _list(_options: Namespace) -> Answer:
    found = queries.list_applications()
    if not found:
        return Answer([], "There is no application: `oauth create` registers one.")
    rows = [(held.name, held.client_id, held.client_type, held.scopes) for held in found]
    headings = ("name", "client id", "kind", "scopes")
    return Answer([_data(held) for held in found], render_table(headings, rows))


def _data(held: Application) -> dict[str, object]:
    return {
        "client_id": held.client_id,
        "name": held.name,
        "kind": held.client_type,
        "redirect_uris": held.redirect_uris.split(),
        "scopes": held.scopes.split(),
    }


def _delete(options: Namespace) -> Answer:
    applications.delete_application(options.client_id)
    text = "The application is gone, and so is every token that it had."
    return Answer({"client_id": options.client_id}, text)


def _tokens(options: Namespace) -> Answer:
    account = get_account(options.account)
    found = queries.list_authorizations(account.pk)
    data = [
        {
            "client_id": held.client_id,
            "application": held.application,
            "scopes": list(held.scopes),
            "since": held.since.isoformat(),
        }
        for held in found
    ]
    if not found:
        return Answer(data, f"No application has a token of {account.login}.")
    rows = [
        (
            held.application,
            held.client_id,
            " ".join(held.scopes),
            show_moment(int(held.since.timestamp())),
        )
        for held in found
    ]
    return Answer(data, render_table(("application", "client id", "scopes", "since"), rows))


def _revoke(options: Namespace) -> Answer:
    account = get_account(options.account)
    tokens.revoke_application(account.pk, options.client_id)
    text = f"The application has no token of {account.login} any more; sessions of it end."
    return Answer({"account": account.login, "client_id": options.client_id}, text)


class Command(TableCommand):
    """Applications, and the tokens that people gave them."""

    help = "Programs that may ask people for tokens (OAuth 2.0), and the tokens that they have."
    subcommands = (
        Subcommand(
            "create",
            "register a program; it is told its client id",
            _create,
            (
                argument("name", metavar="NAME", help="what people are asked about"),
                argument(
                    "--redirect-uri",
                    action="append",
                    required=True,
                    metavar="URI",
                    help="where answers may go, exactly; may be given several times",
                ),
                argument(
                    "--scope",
                    action="append",
                    required=True,
                    choices=list(SCOPES),
                    metavar="SCOPE",
                    help=f"what it may ask for, several times: {', '.join(SCOPES)}",
                ),
                argument(
                    "--confidential",
                    action="store_true",
                    help="it runs on a server and keeps a secret, which is shown once",
                ),
            ),
        ),
        Subcommand("list", "list the programs", _list),
        Subcommand("delete", "delete a program with all of its tokens", _delete, (_CLIENT,)),
        Subcommand("tokens", "list who has tokens of an account", _tokens, (_ACCOUNT,)),
        Subcommand(
            "revoke", "take back what an account gave a program", _revoke, (_ACCOUNT, _CLIENT)
        ),
    )
