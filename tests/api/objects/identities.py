"""Identities."""

from groupware.core.models import Account
from mail.services.identities import create_identity
from tests.api.objects import operation, parameter


@parameter("identity_id")
def identity_id(owner: Account) -> str:
    return str(create_identity(owner.pk, {"address": owner.login, "name": "Secret"}).pk)


operation("create_identity", body=lambda owner: {"address": owner.login}, names=True)
operation("change_identity", body=lambda _: {"name": "Changed"})
