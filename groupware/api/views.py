"""The schema and the pages that show it. Nothing on them comes from elsewhere, or lies inline."""

from functools import cache
from typing import Any, Final, NoReturn

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core.errors import NotFound
from groupware.rest.changes import digest
from groupware.rest.conditions import Version, is_known
from groupware.rest.problems import PROBLEMS
from groupware.rest.views import ApiView

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Swagger UI sets styles on its elements itself; scripts are files of ours alone."""


@cache
def make_schema() -> tuple[dict[str, Any], Version]:
    """Return the schema of the API and its version; it is made once in a process."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)
    return schema, Version(digest(schema))


class SchemaView(ApiView):
    """The schema, for programs."""

    authentication_classes = []
    permission_classes = []

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the schema (OpenAPI 3)."""
        schema, version = make_schema()
        headers = {"ETag": version.etag, "Cache-Control": "public, no-cache"}
        if is_known(request, version):
            return Response(status=304, headers=headers)
        return Response(schema, headers=headers)


class NowhereView(ApiView):
    """Whatever leads nowhere below /api/."""

    authentication_classes = []
    permission_classes = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        """Refuse, whatever the method."""
        raise NotFound("Nothing is at this URL: /api/v1/docs/ shows what there is.")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the schema to people, and let them try it (Swagger UI)."""
    response = render(request, "groupware/api_docs.html")
    response.headers["Content-Security-Policy"] = POLICY
    return response


@require_safe
def problem_page(request: HttpRequest) -> HttpResponse:
    """Say what each kind of problem means: what the `type` of an error leads to."""
    return render(request, "groupware/api_problems.html", {"problems": PROBLEMS})
