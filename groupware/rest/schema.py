"""How views are told in the schema (OpenAPI 3, drf-spectacular): what they share is told here once.

A view describes its operations with `extend_schema`: operation_id, summary, request, responses of
success. Errors, the parameters of lists and conditions come from its base class.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from groupware.rest import problems
from groupware.rest.idempotency import HEADER
from groupware.rest.permissions import scope_of
from groupware.rest.problems import PROBLEMS
from groupware.rest.views import ApiView, ListView, ObjectView

CHANGING: Final = frozenset({"PUT", "PATCH", "DELETE"})
_SUCCESS: Final = ("200", "201", "202", "204")


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A token of the OAuth server, or any other that opens the door."""

    target_class = "groupware.rest.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}


class BasicScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Address and app password."""

    target_class = "groupware.rest.authentication.BasicAuthentication"
    name = "basic"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the scheme."""
        text = "An address with an app password of scope `api`."
        return {"type": "http", "scheme": "basic", "description": text}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The cookie of a browser."""

    target_class = "groupware.rest.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the scheme."""
        text = "Whatever changes something needs the CSRF token as well, in `X-CSRFToken`."
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": text}


@cache
def page_class(item_class: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return what a list of these items answers."""
    name = item_class.__name__.removesuffix("Serializer")
    members = {
        "items": item_class(many=True),
        "removed": serializers.ListField(
            child=serializers.CharField(),
            help_text="With `since`: ids of what is gone, or may not be seen any more.",
        ),
        "next": serializers.CharField(
            allow_null=True, help_text="The `cursor` of the next page; null on the last."
        ),
        "more": serializers.BooleanField(
            help_text="Whether to go on: with `next`, or where `since` was given with `state`."
        ),
        "state": serializers.CharField(
            help_text="What `since` takes: the list as it was when its first page was read."
        ),
    }
    return type(f"{name}PageSerializer", (serializers.Serializer,), members)


class ApiSchema(AutoSchema):
    """Describes what base classes add to a view."""

    view: Any

    def get_tags(self) -> list[str]:
        """Return the chapter of the view."""
        return [self.view.tag] if self.view.tag else super().get_tags()

    def get_description(self) -> str:  # type: ignore[override]
        """Tell which scope the operation takes."""
        text: str = super().get_description() or ""
        scope = scope_of(self.view, self.method)
        return f"{text}\n\nScope: `{scope}`.".strip() if scope else text

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters that base classes read."""
        view = self.view
        if not isinstance(view, ApiView):
            return []
        found: list[Any] = []
        if self.method == "GET" and view.query is not None:
            found.append(view.query)
        if isinstance(view, ObjectView) and self.method == "GET":
            found.append(_header("If-None-Match", "An entity tag: 304 where it is still that."))
        if isinstance(view, ObjectView) and self.method in CHANGING:
            text = "The entity tag of what was read, or `*` for whatever is there."
            found.append(_header("If-Match", text, required=True))
        if self.method == "POST" and view.authentication_classes:
            text = "For a request that may be sent again: one key, one outcome."
            found.append(_header(HEADER, text))
        return found

    def get_response_serializers(self) -> Any:
        """Return what a list answers, where it is one."""
        if isinstance(self.view, ListView) and self.method == "GET":
            return {200: page_class(self.view.item_class)}
        return super().get_response_serializers()

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if isinstance(self.view, ObjectView) and self.method == "GET":
            bodies["304"] = {"description": "It is what `If-None-Match` says."}
        if isinstance(self.view, ObjectView) and self.method != "DELETE":
            etag = {"schema": {"type": "string"}, "description": "The state of the object."}
            for status in {"200", "201"} & bodies.keys():
                bodies[status].setdefault("headers", {})["ETag"] = etag
        return bodies | {str(status): _answer(status) for status in self._failures()}

    def _failures(self) -> list[int]:
        """Return the statuses of errors that the operation may have."""
        view = self.view
        found = {500, 503, *getattr(view, "failures", ())}
        if view.authentication_classes:
            found |= {401, 403, 429}
        if "{" in self.path:
            found.add(404)
        if isinstance(view, ListView) and self.method == "GET":
            found |= {410, 422}
        elif self.method == "GET" and getattr(view, "query", None) is not None:
            found.add(422)
        if isinstance(view, ObjectView) and self.method in CHANGING:
            found |= {412, 428}
        if self.method in {"POST", "PUT", "PATCH"}:
            found |= {400, 409, 413, 415, 422, 507}
        return sorted(found)


def _header(name: str, text: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, required=required, description=text)


def _answer(status: int) -> dict[str, Any]:
    titles = [problem.title for problem in PROBLEMS if problem.status == status]
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": "; ".join(titles), "content": content}


def finish(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Add the one form of errors to the schema (drf-spectacular's POSTPROCESSING_HOOKS)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    _plain_enums(result)
    return result


def _plain_enums(value: Any) -> None:
    """Tell a choice or null as either: generators of clients make one type of it, not three."""
    for below in value.values() if isinstance(value, dict) else value:
        if isinstance(below, dict | list):
            _plain_enums(below)
    if isinstance(value, dict) and value.pop("x-spec-enum-id", None) and None in value["enum"]:
        choices = [choice for choice in value.pop("enum") if choice is not None]
        value.pop("type", None)
        value["oneOf"] = [{"type": "string", "enum": choices}, {"type": "null"}]


_PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The kind of problem; it leads to what can be done about it.",
            "example": problems.NOT_FOUND.type,
        },
        "title": {"type": "string", "example": problems.NOT_FOUND.title},
        "status": {"type": "integer", "example": problems.NOT_FOUND.status},
        "detail": {"type": "string", "description": "What happened, for a person."},
        "errors": {
            "type": "array",
            "description": "The values that are wrong.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "Where the value is (RFC 6901).",
                        "example": "/name",
                    },
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
