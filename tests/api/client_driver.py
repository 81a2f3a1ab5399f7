"""Runs in the environment of the generated client: a day's work of a program, by that client alone.

Arguments: the URL of the server, and a token. The client's package is beside where it is run.
"""

import sys
from http import HTTPStatus

from suite.api.mailboxes import (  # type: ignore[import-not-found]
    create_mailbox,
    delete_mailbox,
    get_mailbox,
    list_mailboxes,
    rename_mailbox,
)
from suite.client import AuthenticatedClient  # type: ignore[import-not-found]
from suite.models import (  # type: ignore[import-not-found]
    NewMailboxRequest,
    PatchedRenamedMailboxRequest,
)

URL, TOKEN = sys.argv[1:]


def main() -> None:
    """List, create, rename, meet a refusal, delete, and see what changed."""
    client = AuthenticatedClient(base_url=URL, token=TOKEN)
    page = list_mailboxes.sync(client=client, limit=3)
    while page.next_ is not None:
        page = list_mailboxes.sync(client=client, limit=3, cursor=page.next_)
    new = NewMailboxRequest(name="Projects")
    made = create_mailbox.sync(client=client, body=new, idempotency_key='"once"')
    again = create_mailbox.sync(client=client, body=new, idempotency_key='"once"')
    assert made.to_dict() == again.to_dict()
    other = PatchedRenamedMailboxRequest(name="Plans")
    stale = rename_mailbox.sync_detailed(made.id, client=client, body=other, if_match='"0"')
    assert stale.status_code == HTTPStatus.PRECONDITION_FAILED
    assert stale.parsed.title == "It was changed meanwhile"
    renamed = rename_mailbox.sync(made.id, client=client, body=other, if_match=made.etag)
    assert renamed.name == "Plans"
    change = list_mailboxes.sync(client=client, since=page.state)
    assert [item.name for item in change.items] == ["Plans"]
    gone = delete_mailbox.sync_detailed(made.id, client=client, if_match=renamed.etag)
    assert gone.status_code == HTTPStatus.NO_CONTENT
    assert get_mailbox.sync(made.id, client=client).status == HTTPStatus.NOT_FOUND
    change = list_mailboxes.sync(client=client, since=change.state)
    assert (change.items, change.removed) == ([], [made.id])


main()
