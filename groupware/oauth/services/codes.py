"""Codes: used once; whoever shows one again ends all that came of it (RFC 6749 §4.1.2)."""

from django.db.models import Exists, OuterRef, QuerySet
from oauth2_provider.models import RefreshToken

from groupware.oauth.models import Application, UsedCode
from groupware.oauth.services.applications import tell


def note_used(code: str, first: RefreshToken) -> None:
    """Note what a code became, by its digest, in the transaction that makes it."""
    UsedCode.objects.create(code=code, first_token=first.pk)


def end_used(code: str, application: Application) -> None:
    """End the tokens that came of a code of the application, and of their renewals, if it was used.

    Sessions that these opened end at their next command. Harmless for any other code.
    """
    used = UsedCode.objects.filter(code=code).values("first_token")
    first = RefreshToken.objects.filter(pk__in=used, application=application).first()
    if first is not None:
        RefreshToken.revoke_family(first.token_family)
        tell(first.user_id)


def unneeded() -> QuerySet[UsedCode]:
    """Return those of which nothing that came of them is left."""
    return UsedCode.objects.filter(~Exists(RefreshToken.objects.filter(pk=OuterRef("first_token"))))
