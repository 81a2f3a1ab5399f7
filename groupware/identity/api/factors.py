"""One's second factor and its recovery codes, over REST.

What is set up counts once a code of it is confirmed. It is taken away by a POST, since DELETE carries
no body in which a proof could be sent (RFC 9110 §9.3.5).
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core.errors import NotFound
from groupware.identity.api import proof
from groupware.identity.api.base import OwnView
from groupware.identity.services import factors
from groupware.identity.services.factors import Enrolment, FactorState


class FactorStateSerializer(serializers.Serializer[FactorState]):
    """How your second factor stands."""

    is_on = serializers.BooleanField()
    since = serializers.DateTimeField(allow_null=True)
    recovery_codes = serializers.IntegerField(help_text="How many are left.")


class EnrolmentSerializer(serializers.Serializer[Enrolment]):
    """What an authenticator is told, this once."""

    secret = serializers.CharField(help_text="In base32 (RFC 4648).")
    uri = serializers.CharField(help_text="The same as an otpauth: URI, for a QR code.")


class ConfirmationSerializer(serializers.Serializer[Any]):
    """A code of the second factor that is set up, and your password."""

    password = serializers.CharField(
        max_length=1_000,
        required=False,
        allow_blank=True,
        default="",
        trim_whitespace=False,
        write_only=True,
        help_text="A browser that signed in a moment ago needs none.",
    )
    code = serializers.CharField(max_length=64, write_only=True)


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    """Codes that open once each where the authenticator is lost; they are told this once."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class RecoveryCodesLeftSerializer(serializers.Serializer[Any]):
    """How many recovery codes are left."""

    left = serializers.IntegerField()


class SecondFactorView(OwnView):
    """The second factor."""

    tells_secrets = True

    @extend_schema(
        operation_id="get_second_factor",
        summary="Read how your second factor stands",
        responses=FactorStateSerializer,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Tell whether it is on, since when, and how many recovery codes are left."""
        return Response(FactorStateSerializer(factors.describe(self.account_id)).data)

    @extend_schema(
        operation_id="begin_second_factor",
        summary="Set up a second factor",
        request=proof.ProofSerializer,
        responses={201: EnrolmentSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a secret for an authenticator; it counts once a code of it is confirmed."""
        proof.require(request, self.account(), self.read(proof.ProofSerializer))
        with self.acting():
            made = factors.begin_enrolment(self.account_id)
        return Response(EnrolmentSerializer(made).data, 201)


class ConfirmationView(OwnView):
    """The first code of a second factor."""

    tells_secrets = True

    @extend_schema(
        operation_id="confirm_second_factor",
        summary="Turn the second factor on",
        request=ConfirmationSerializer,
        responses={201: RecoveryCodesSerializer},
    )
    def post(self, request: Request) -> Response:
        """Let the second factor count. Every other session ends, and recovery codes are told."""
        given = self.read(ConfirmationSerializer)
        account = self.account()
        if account.second_factor:
            raise NotFound("No second factor is being set up: one is on.")
        proof.require(request, account, given)
        codes = self.act(lambda: factors.confirm_enrolment(account.pk, given["code"]))
        return Response({"recovery_codes": codes}, 201)


class RemovalView(OwnView):
    """The end of a second factor."""

    @extend_schema(
        operation_id="remove_second_factor",
        summary="Turn the second factor off",
        request=proof.ProofSerializer,
        responses=FactorStateSerializer,
    )
    def post(self, request: Request) -> Response:
        """Take the second factor away, for one more of its codes, which a browser sends as well.

        Every other session ends; the password alone opens the account then.
        """
        given = self.read(proof.ProofSerializer)
        account = self.account()
        if not account.second_factor:
            raise NotFound("There is no second factor.")
        if not proof.is_fresh(request):
            proof.require_password(request, account, given)
        proof.require_code(request, account, given)
        self.act(lambda: factors.remove(account.pk))
        return Response(FactorStateSerializer(factors.describe(account.pk)).data)


class RecoveryCodesView(OwnView):
    """Recovery codes."""

    tells_secrets = True

    @extend_schema(
        operation_id="count_recovery_codes",
        summary="Count your recovery codes",
        responses=RecoveryCodesLeftSerializer,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Tell how many recovery codes are left."""
        return Response({"left": factors.describe(self.account_id).recovery_codes})

    @extend_schema(
        operation_id="renew_recovery_codes",
        summary="Make new recovery codes",
        request=proof.ProofSerializer,
        responses={201: RecoveryCodesSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make new recovery codes, told this once; the old ones are void."""
        given = self.read(proof.ProofSerializer)
        account = self.account()
        if not account.second_factor:
            raise NotFound("There is no second factor, so there is nothing to recover from.")
        proof.require(request, account, given)
        with self.acting():
            codes = factors.renew_recovery_codes(account.pk)
        return Response({"recovery_codes": codes}, 201)
