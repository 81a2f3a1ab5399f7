"""Every operation of the API, from the table of URLs, and requests that it takes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver

from groupware.api.views import make_schema
from groupware.core.models import Account
from groupware.rest.permissions import scope_of
from groupware.rest.views import ApiView
from tests.api import objects
from tests.api.objects import Raw

ROOT = "api/v1/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CONVERTER = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a URL; `path` is as the schema has it."""

    path: str
    method: str
    view: type[ApiView]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{([^}]+)}", self.path)

    @property
    def is_public(self) -> bool:
        return not self.view.authentication_classes

    @property
    def scope(self) -> str | None:
        return scope_of(self.view(), self.method)

    @property
    def described(self) -> Mapping[str, Any]:
        """What the schema says of it."""
        found: Mapping[str, Any] = make_schema()[0]["paths"][self.path][self.method.lower()]
        return found

    @property
    def needs(self) -> objects.Operation:
        return objects.find_operation(self.described["operationId"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that an operation takes from the owner of what it names."""

    path: str
    body: Any
    kind: str
    headers: Mapping[str, str]


def list_patterns(
    patterns: list[URLPattern | URLResolver] | None = None, before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Return (path, pattern) of every URL of the server."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from list_patterns(pattern.url_patterns, path)
        else:
            yield path, pattern


def list_operations() -> list[Operation]:
    """Return every operation below /api/v1/."""
    found = []
    for path, pattern in list_patterns():
        view = getattr(pattern.callback, "view_class", None)
        if path.startswith(ROOT) and isinstance(view, type) and issubclass(view, ApiView):
            named = "/" + _CONVERTER.sub(r"{\1}", path)
            found += [
                Operation(named, method, view)
                for method in METHODS
                if hasattr(view, method.lower())
            ]
    return sorted(found, key=str)


def request_for(operation: Operation, owner: Account) -> Asked:
    """Make what the operation names, somebody's, and return the request."""
    needs = operation.needs
    if needs.prepare is not None:
        needs.prepare(owner)
    path = operation.path
    for name in operation.parameters:
        made = objects.find_parameter(name).build(owner)
        path = path.replace(f"{{{name}}}", quote(str(made), safe=""))
    query = needs.query(owner) if needs.query is not None else ""
    body = needs.body(owner) if needs.body is not None else sample_body(operation)
    kind = body.kind if isinstance(body, Raw) else "application/json"
    headers = {"If-Match": "*"} if _wants(operation, "If-Match") else {}
    return Asked(
        f"{path}?{query}" if query else path,
        body.content if isinstance(body, Raw) else body,
        kind,
        {**headers, **needs.headers},
    )


def _wants(operation: Operation, header: str) -> bool:
    told = operation.described.get("parameters", [])
    return any(found["name"] == header and found["in"] == "header" for found in told)


def sample_body(operation: Operation) -> Any:
    """Return a body that the operation's schema allows, with what it asks for and no more."""
    told = operation.described.get("requestBody")
    if told is None:
        return None
    return _sample(told["content"]["application/json"]["schema"])


def _sample(schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _sample(make_schema()[0]["components"]["schemas"][name])
    for held in ("example", "default"):
        if held in schema:
            return schema[held]
    if "allOf" in schema:
        return _sample(schema["allOf"][0])
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("type") == "object":
        wanted = schema.get("required", ())
        return {
            name: _sample(below) for name, below in schema["properties"].items() if name in wanted
        }
    if schema.get("type") == "array":
        return [_sample(schema["items"])] if schema.get("minItems") else []
    samples = {"string": "sample", "integer": schema.get("minimum", 1), "boolean": True}
    formats = {
        "date": "2026-03-02",
        "date-time": "2026-03-02T09:00:00Z",
        "email": "ann@example.test",
    }
    return formats.get(schema.get("format", ""), samples.get(schema.get("type", ""), 1))
