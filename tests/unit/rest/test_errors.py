from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.serializers import CharField, ListField, Serializer

from groupware.core import errors
from groupware.core.errors import GroupwareError
from groupware.rest import problems
from groupware.rest.errors import TooManyRequests, WrongFields, describe, register
from groupware.rest.problems import PROBLEMS, Problem


class Inner(Serializer[Any]):
    word = CharField(max_length=3)


class Outer(Serializer[Any]):
    a = CharField()
    inner = Inner()
    list = Inner(many=True)
    words = ListField(child=CharField(max_length=3))


def test_values_that_are_wrong_are_told_by_pointers() -> None:
    given = Outer(
        data={"inner": {"word": "long"}, "list": [{"word": "a"}, {}], "words": ["a", "long"]}
    )
    with pytest.raises(exceptions.ValidationError) as refusal:
        given.is_valid(raise_exception=True)
    told = describe(refusal.value).body()
    assert {error["pointer"] for error in told["errors"]} == {
        "/a", "/inner/word", "/list/1/word", "/words/1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("detail", "pointers"),
    [
        ({"non_field_errors": ["x"]}, [""]),
        ({"a/b~c": ["x"]}, ["/a~1b~0c"]),
        (["x", "y"], [""]),
        ({"a": {"non_field_errors": ["x"]}}, ["/a"]),
    ],
)
def test_pointers_are_written_as_the_rfc_says(detail: Any, pointers: list[str]) -> None:
    told = describe(exceptions.ValidationError(detail)).body()
    assert [error["pointer"] for error in told["errors"]] == pointers


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (errors.NotFound("x"), problems.NOT_FOUND),
        (errors.NotAllowed("x"), problems.NOT_ALLOWED),
        (errors.AlreadyExists("x"), problems.CONFLICT),
        (errors.Invalid("x"), problems.INVALID),
        (errors.LimitExceeded("x"), problems.LIMIT_EXCEEDED),
        (errors.OverQuota("x"), problems.NO_ROOM),
        (errors.DiskReserve("x"), problems.NO_ROOM),
        (errors.TooLarge("x"), problems.TOO_LARGE),
        (errors.Busy("x"), problems.BUSY),
        (errors.Stale("x"), problems.STALE),
        (errors.AuthenticationFailed("x"), problems.UNAUTHENTICATED),
        (errors.Throttled("x"), problems.TOO_MANY_REQUESTS),
        (WrongFields({"/a": "x"}), problems.INVALID),
        (Http404("x"), problems.NOT_FOUND),
        (PermissionDenied("x"), problems.NOT_ALLOWED),
        (SuspiciousOperation("x"), problems.BAD_REQUEST),
        (RequestDataTooBig("x"), problems.TOO_LARGE),
        (ZeroDivisionError("x"), problems.INTERNAL),
        (GroupwareError("x"), problems.INTERNAL),
    ],
)
def test_each_outcome_is_one_problem(error: Exception, problem: Problem) -> None:
    assert describe(error).problem == problem


def test_every_outcome_of_the_kernel_is_in_the_table() -> None:
    def outcomes(kind: type[GroupwareError]) -> list[type[GroupwareError]]:
        below = [found for sub in kind.__subclasses__() for found in outcomes(sub)]
        return [*kind.__subclasses__(), *below]

    kernels = [kind for kind in outcomes(GroupwareError) if kind.__module__ == errors.__name__]
    assert [kind for kind in kernels if describe(kind("x")).problem == problems.INTERNAL] == []


def test_an_outcome_of_an_app_is_what_the_app_says() -> None:
    class Sent(errors.LimitExceeded):
        pass

    assert describe(Sent("x")).problem == problems.LIMIT_EXCEEDED
    register(Sent, problems.TOO_MANY_REQUESTS)
    assert describe(Sent("x")).problem == problems.TOO_MANY_REQUESTS


def test_texts_of_django_and_of_faults_stay_here() -> None:
    for error in (Http404("secret"), ZeroDivisionError("secret"), SuspiciousOperation("secret")):
        assert "secret" not in str(describe(error).body())


def test_who_has_to_wait_is_told_how_long() -> None:
    assert describe(errors.Busy("x")).headers == {"Retry-After": "2"}
    assert describe(errors.Throttled("x")).headers == {"Retry-After": "60"}
    error = TooManyRequests("x", seconds=0.2, headers={"RateLimit-Limit": "3"})
    assert describe(error).headers == {"RateLimit-Limit": "3", "Retry-After": "1"}


def test_problems_have_names_of_their_own() -> None:
    slugs = [problem.slug for problem in PROBLEMS]
    assert len(slugs) == len(set(slugs))
