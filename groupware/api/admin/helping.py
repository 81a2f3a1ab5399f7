"""Letting people in again over REST: passwords, second factors, sessions, failed logins."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminView, SmallList
from groupware.core import throttle
from groupware.core.administration import Administrator, accounts
from groupware.core.directory import MIN_PASSWORD
from groupware.core.livesessions import LiveSession, get_session, list_sessions
from groupware.core.models import Account
from groupware.core.throttle import FailedLogins


class PasswordSerializer(serializers.Serializer[Any]):
    """A password that is to be."""

    password = serializers.CharField(
        min_length=MIN_PASSWORD,
        max_length=1_000,
        required=False,
        allow_null=True,
        default=None,
        trim_whitespace=False,
        help_text="Without one, one is made.",
    )


class SetPasswordSerializer(serializers.Serializer[Any]):
    """The password that was made, to be told to the person; null where one was given."""

    password = serializers.CharField(allow_null=True)


class MomentField(serializers.DateTimeField):
    """A moment that is held as epoch seconds."""

    def to_representation(self, value: int) -> str | None:  # type: ignore[override]
        """Return it as every moment is told."""
        return super().to_representation(datetime.fromtimestamp(value, UTC))


class OfAccount(AdminView):
    """What is done to the account of a URL, whatever its state."""

    def account(self, by: Administrator) -> Account:
        """Return the account; raises `NotFound`."""
        return by.get_account(self.kwargs["account_id"])


class PasswordView(OfAccount):
    """A person's password."""

    tells_secrets = True

    @extend_schema(
        operation_id="admin_set_password",
        summary="Set a person's password",
        request=PasswordSerializer,
        responses={200: SetPasswordSerializer},
    )
    def put(self, request: Request, account_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Set a password, or make one, which is told this once. Sessions of the person end."""
        given = self.read(PasswordSerializer)["password"]
        made = self.administer(lambda by: accounts.set_password(by, self.account(by), given))
        return Response({"password": made if given is None else None})


class SecondFactorView(OfAccount):
    """A person's second factor."""

    @extend_schema(
        operation_id="admin_reset_second_factor",
        summary="Take a person's second factor away",
        responses={204: None},
    )
    def delete(self, request: Request, account_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Let a person sign in by the password alone, to set up another. Sessions end."""
        self.administer(lambda by: accounts.reset_second_factor(by, self.account(by)))
        return Response(status=204)


class LiveSessionSerializer(serializers.Serializer[LiveSession]):
    """A session that is open now."""

    id = serializers.CharField(help_text="As the lines of the log have it.")
    protocol = serializers.CharField(help_text="imap, pop3, submission, events, web.")
    network = serializers.CharField(help_text="From where.")
    credential = serializers.ChoiceField(["password", "app-password", "token"])
    began_at = MomentField()
    active_at = MomentField(help_text="When the client said something last.")
    client = serializers.CharField(help_text="What the program calls itself, where it says so.")
    last_command = serializers.CharField(help_text="The name of what it asked for last.")


@extend_schema_view(get=extend_schema(operation_id="admin_list_sessions", summary="List sessions"))
class SessionList(OfAccount, SmallList[LiveSession]):
    """Sessions of an account that are open now, by protocol."""

    item_class = LiveSessionSerializer
    cursor_key = (int, str)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[LiveSession]:  # noqa: ARG002 (there are none)
        """Return all of the account's."""
        return list_sessions(self.account(by).pk)

    def key_of(self, row: LiveSession) -> tuple[int, str]:
        """Order by their beginning."""
        return row.began_at, row.id

    @extend_schema(
        operation_id="admin_end_sessions", summary="End all sessions", responses={204: None}
    )
    def delete(self, request: Request, account_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """End all sessions of an account, of whatever protocol, and on the web."""
        self.administer(lambda by: accounts.end_sessions(by, self.account(by)))
        return Response(status=204)


class SessionView(OfAccount):
    """One session of an account."""

    @extend_schema(operation_id="admin_end_session", summary="End a session", responses={204: None})
    def delete(self, request: Request, account_id: int, live_session_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """End one session at once, whatever its protocol; others of the account go on.

        A program that knows a password comes back by itself.
        """
        held = get_session(self.account(self.administrator()).pk, live_session_id)
        self.administer(lambda by: accounts.end_session(by, self.account(by), held))
        return Response(status=204)


class FailedLoginsSerializer(serializers.Serializer[FailedLogins]):
    """Failed logins in a row."""

    kind = serializers.ChoiceField(["password", "second-factor"])
    network = serializers.CharField(help_text="From where; empty: from everywhere together.")
    failures = serializers.IntegerField()
    last_failure_at = serializers.DateTimeField()


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_failed_logins", summary="List failed logins")
)
class FailedLoginList(OfAccount, SmallList[FailedLogins]):
    """From where logins of an account failed, and now have to wait."""

    item_class = FailedLoginsSerializer
    cursor_key = (str, str)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[FailedLogins]:  # noqa: ARG002 (there are none)
        """Return all of the account's."""
        found = throttle.list_failed(self.account(by).login)
        return sorted(found, key=self.key_of)

    def key_of(self, row: FailedLogins) -> tuple[str, str]:
        """Order by network."""
        return row.network, row.kind

    @extend_schema(
        operation_id="admin_forget_failed_logins",
        summary="Unlock an account",
        responses={204: None},
    )
    def delete(self, request: Request, account_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Forget the failed logins of an account: nobody waits any more."""
        self.administer(lambda by: accounts.unlock(by, self.account(by)))
        return Response(status=204)
