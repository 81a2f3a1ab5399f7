"""How failures become answers: one table from outcomes to problems (RFC 9457).

Views and services raise; nobody builds an error answer by hand.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from groupware.core import errors
from groupware.core.errors import GroupwareError
from groupware.rest import problems
from groupware.rest.problems import Problem

RETRY_SECONDS: Final = 2
"""After which a request that met a lock may be sent again."""
LOGIN_SECONDS: Final = 60
"""After which somebody whose logins fail may try again."""

_log = structlog.get_logger("groupware.rest")


class BadRequest(GroupwareError):
    """The request cannot be read."""


class NotAuthenticated(errors.AuthenticationFailed):
    """The request came without credentials."""


class ConditionRequired(GroupwareError):
    """A change came without the state that it is for."""


class StateExpired(GroupwareError):
    """What changed since a state cannot be told."""


class StillAtWork(GroupwareError):
    """The outcome of a request with this idempotency key is not known."""


class PartlyDone(GroupwareError):
    """A request with this idempotency key was stopped after something was written."""


class ToldOnce(GroupwareError):
    """A request with this idempotency key succeeded, and its answer is told once."""


class ProofWanted(GroupwareError):
    """What opens an account was asked for without a proof of who asks, or with a wrong one."""


class KeyReused(GroupwareError):
    """An idempotency key came with another request."""


class TooManyRequests(GroupwareError):
    """A rate was exceeded; `seconds` from now on there is room again."""

    def __init__(self, message: str, *, seconds: float, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.headers = {**headers, "Retry-After": str(max(1, math.ceil(seconds)))}


class WrongFields(errors.Invalid):
    """Values are wrong; `fields` are JSON pointers (RFC 6901) with what is wrong there."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("Some values are wrong: `errors` says which.")
        self.fields = fields


_TABLE: Final[dict[type[Exception], Problem]] = {
    errors.NotFound: problems.NOT_FOUND,
    errors.AlreadyExists: problems.CONFLICT,
    errors.NotAllowed: problems.NOT_ALLOWED,
    errors.Invalid: problems.INVALID,
    errors.LimitExceeded: problems.LIMIT_EXCEEDED,
    errors.OverQuota: problems.NO_ROOM,
    errors.TooLarge: problems.TOO_LARGE,
    errors.DiskReserve: problems.NO_ROOM,
    errors.Busy: problems.BUSY,
    errors.AuthenticationFailed: problems.UNAUTHENTICATED,
    errors.Throttled: problems.TOO_MANY_REQUESTS,
    errors.Stale: problems.STALE,
    BadRequest: problems.BAD_REQUEST,
    ConditionRequired: problems.CONDITION_REQUIRED,
    StateExpired: problems.STATE_EXPIRED,
    StillAtWork: problems.STILL_AT_WORK,
    PartlyDone: problems.PARTLY_DONE,
    ToldOnce: problems.TOLD_ONCE,
    ProofWanted: problems.PROOF_WANTED,
    KeyReused: problems.KEY_REUSED,
    TooManyRequests: problems.TOO_MANY_REQUESTS,
    Http404: problems.NOT_FOUND,
    PermissionDenied: problems.NOT_ALLOWED,
    SuspiciousOperation: problems.BAD_REQUEST,
    RequestDataTooBig: problems.TOO_LARGE,
    exceptions.ParseError: problems.BAD_REQUEST,
    exceptions.NotAuthenticated: problems.UNAUTHENTICATED,
    exceptions.AuthenticationFailed: problems.UNAUTHENTICATED,
    exceptions.PermissionDenied: problems.NOT_ALLOWED,
    exceptions.NotFound: problems.NOT_FOUND,
    exceptions.MethodNotAllowed: problems.METHOD_NOT_ALLOWED,
    exceptions.NotAcceptable: problems.NOT_ACCEPTABLE,
    exceptions.UnsupportedMediaType: problems.UNSUPPORTED_MEDIA_TYPE,
    exceptions.ValidationError: problems.INVALID,
}


def register(outcome: type[GroupwareError], problem: Problem) -> None:
    """Let an app's own outcome be another problem than that of what it derives from."""
    _TABLE[outcome] = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """An error as it is told."""

    problem: Problem
    detail: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the members of the problem's object."""
        told = self.problem.told(self.detail)
        if self.fields:
            told["errors"] = [
                {"pointer": pointer, "detail": text} for pointer, text in self.fields.items()
            ]
        return told


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to a request that failed (DRF's EXCEPTION_HANDLER)."""
    told = describe(error)
    headers = dict(told.headers)
    if told.problem.status == 401:
        from groupware.rest.authentication import challenge

        headers["WWW-Authenticate"] = challenge(context["request"])
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(
        told.body(), told.problem.status, headers=headers, content_type=problems.MEDIA_TYPE
    )


def describe(error: Exception) -> Answer:
    """Return what is told of an error; what is nobody's outcome is logged, and told without a word."""
    problem = _find(error)
    if problem is None:
        _log.error("a request failed", exc_info=error)
        return Answer(problems.INTERNAL, "Something went wrong here, and was noted.")
    if isinstance(error, exceptions.ValidationError):
        error = WrongFields(dict(_pointers(error.detail)))
    if isinstance(error, GroupwareError) and error.detail:
        _log.info("a request was refused", problem=problem.slug, reason=error.detail)
    fields = error.fields if isinstance(error, WrongFields) else {}
    return Answer(problem, _text(error, problem), fields, _headers(error))


def _find(error: Exception) -> Problem | None:
    found = (_TABLE.get(kind) for kind in type(error).__mro__)
    return next((problem for problem in found if problem is not None), None)


def _text(error: Exception, problem: Problem) -> str:
    if isinstance(error, GroupwareError):
        return error.message
    if isinstance(error, exceptions.APIException):
        return str(error.detail)
    return problem.meaning  # Django's own texts are for the log


def _headers(error: Exception) -> Mapping[str, str]:
    if isinstance(error, TooManyRequests):
        return error.headers
    if isinstance(error, errors.Throttled):
        return {"Retry-After": str(LOGIN_SECONDS)}
    if isinstance(error, errors.Busy):
        return {"Retry-After": str(RETRY_SECONDS)}
    return {}


def _pointers(detail: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Cut what serializers say of a document into JSON pointers (RFC 6901 §3)."""
    if isinstance(detail, dict):
        for name, below in detail.items():
            step = str(name).replace("~", "~0").replace("/", "~1")
            yield from _pointers(
                below, pointer if name == "non_field_errors" else f"{pointer}/{step}"
            )
    elif isinstance(detail, list) and any(isinstance(below, dict | list) for below in detail):
        for place, below in enumerate(detail):
            yield from _pointers(below, f"{pointer}/{place}")
    elif isinstance(detail, list):
        yield pointer, " ".join(map(str, detail))
    else:
        yield pointer, str(detail)
