"""Drafts, and what is written."""

from groupware.core.models import Account
from mail.queries import get_mailbox_by_id
from mail.services.content import prepare_message
from mail.services.drafts import save_draft
from tests.api.objects import operation, parameter
from tests.services.store import message


@parameter("draft_id")
def draft_id(owner: Account) -> str:
    data = message().replace(b"From: ", b"X-From: ")
    collection_id, appended = save_draft(owner.pk, prepare_message(data))
    return f"{get_mailbox_by_id(collection_id).object_id}-{appended.uid}"


def letter(owner: Account) -> dict[str, object]:
    return {"to": [{"address": owner.login}], "subject": "Hello", "text": "x"}


operation("create_draft", body=letter)
operation("replace_draft", body=letter)
operation("send_message", body=letter)
