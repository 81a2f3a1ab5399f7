"""What the doctor says of work that nobody does."""

from collections.abc import Callable
from typing import Any

import pytest

from groupware.core import outbox
from groupware.core.clock import epoch
from groupware.core.models import Account, OutboxRow
from tests.services.damage import find

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            lambda: {"attempts": 5, "last_error": "OSError: away"},
            "it failed 5 times, last with OSError",
        ),
        (lambda: {"run_after": epoch() - 7230}, "it was due 120 minutes ago"),
        (lambda: {"topic": "mail.of-tomorrow"}, "nothing here works off this topic"),
    ],
)
def test_work_that_is_left_in_the_outbox_is_found(
    ann: Account, change: Callable[[], dict[str, Any]], what: str
) -> None:
    row_id = outbox.add("mail.finish-move", {}, account_id=ann.pk)
    assert find() == []
    OutboxRow.objects.filter(pk=row_id).update(**change())
    (fault,) = find()
    assert fault.where.startswith(f"ann@example.test: outbox row {row_id} (mail.")
    assert fault.what.startswith(what)
