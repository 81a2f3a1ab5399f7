"""Domains over REST, and what the DNS is to say of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, AdminView, DirectoryList, version
from groupware.core import db, dns
from groupware.core.administration import Administrator, domains
from groupware.core.models import Domain
from groupware.core.roles import Permission
from groupware.rest.conditions import Version
from mail import records


class Shown(NamedTuple):
    """A domain as administrators are shown it."""

    id: int
    name: str
    alias_of: int | None
    accounts: int
    groups: int
    created_at: datetime
    etag: str


class DomainSerializer(serializers.Serializer[Shown]):
    """A domain, or another name of one."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    alias_of = serializers.IntegerField(allow_null=True, help_text="The domain it is a name of.")
    accounts = serializers.IntegerField(help_text="How many there are.")
    groups = serializers.IntegerField(help_text="How many there are.")
    created_at = serializers.DateTimeField()
    etag = serializers.CharField(help_text="What If-Match takes.")


class NewDomainSerializer(serializers.Serializer[Any]):
    """A domain that is to be."""

    name = serializers.CharField(max_length=253)
    alias_of = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=1 << 60
    )


def counted(rows: QuerySet[Domain]) -> QuerySet[Domain]:
    """Count what lives in domains."""
    return rows.annotate(
        account_count=Count("accounts", distinct=True), group_count=Count("groups", distinct=True)
    )


def version_of(domain: Any) -> Version:
    """Return the state of a domain, of which nothing can be changed."""
    return version(domain.name, domain.pk, seen=[domain.account_count, domain.group_count])


def show(domain: Any) -> Shown:
    """Return what is shown of a domain that was `counted`."""
    return Shown(
        id=domain.pk,
        name=domain.name,
        alias_of=domain.alias_of_id,
        accounts=domain.account_count,
        groups=domain.group_count,
        created_at=domain.created_at,
        etag=version_of(domain).etag,
    )


@extend_schema_view(get=extend_schema(operation_id="admin_list_domains", summary="List domains"))
class DomainList(DirectoryList[Shown, Domain]):
    """The domains of an administrator. How much lives in them is not told by `since`."""

    kind = "domain"
    item_class = DomainSerializer

    def rows(self, by: Administrator, filters: Mapping[str, Any]) -> QuerySet[Domain]:  # noqa: ARG002 (there are none)
        """Return the domains that he sees."""
        return counted(Domain.objects.filter(pk__in=by.domains().values("pk")))

    def present(self, rows: Sequence[Domain]) -> Sequence[Shown]:
        """Return what is shown of domains."""
        return [show(domain) for domain in rows]

    @extend_schema(
        operation_id="admin_create_domain",
        summary="Create a domain",
        request=NewDomainSerializer,
        responses={201: DomainSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a domain, or another name of one. For global administrators."""
        wanted = self.read(NewDomainSerializer)
        made = self.administer(
            lambda by: domains.create(by, wanted["name"], wanted.get("alias_of"))
        )
        with db.read_snapshot():
            domain = counted(Domain.objects.filter(pk=made.pk)).get()
        location = f"{request.path}/{made.pk}"
        data = DomainSerializer(show(domain)).data
        return self.answer(data, version_of(domain), 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_domain", summary="Read a domain", responses=DomainSerializer
    )
)
class DomainView(AdminObject[Domain]):
    """One domain."""

    def find_for(self, by: Administrator) -> Domain:
        """Return the domain of the URL."""
        found = by.get_domain(self.kwargs["domain_id"])
        return counted(Domain.objects.filter(pk=found.pk)).get()

    def version_of(self, found: Domain) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: Domain) -> object:
        """Return what is shown of it."""
        return DomainSerializer(show(found)).data

    @extend_schema(
        operation_id="admin_delete_domain", summary="Delete a domain", responses={204: None}
    )
    def delete(self, request: Request, domain_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Delete a domain that nothing lives in. For global administrators."""
        return self.drop(domains.delete)


class RecordSerializer(serializers.Serializer[Any]):
    """A record that the DNS is to have."""

    kind = serializers.CharField(help_text="Such as MX or TXT.")
    name = serializers.CharField()
    value = serializers.CharField()
    purpose = serializers.CharField()
    status = serializers.CharField(
        allow_null=True, help_text="With `check`: `ok`, or what is wrong; null without."
    )
    found = serializers.ListField(
        child=serializers.CharField(), help_text="With `check`: what the DNS says."
    )


class RecordsSerializer(serializers.Serializer[Any]):
    """What the DNS is to say of a domain."""

    records = RecordSerializer(many=True)


class RecordsQuery(serializers.Serializer[Any]):
    """Whether to ask the DNS."""

    check = serializers.BooleanField(default=False, help_text="Compare with what the DNS says.")


class RecordsView(AdminView):
    """What the DNS is to say of a domain."""

    query = RecordsQuery

    @extend_schema(
        operation_id="admin_get_dns_records",
        summary="List the DNS records that a domain wants, and check them",
        responses=RecordsSerializer,
    )
    def get(self, request: Request, domain_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Tell which records the domain wants, and with `check` what the DNS says instead."""
        is_checked = self.read_query()["check"]
        with db.read_snapshot():
            by = self.administrator()
            domain = by.get_domain(domain_id)
            by.require(Permission.MANAGE, domain.alias_of_id or domain.pk)
            wanted = records.list_wanted(domain.name)
        told = _check(wanted) if is_checked else [_tell(record, None, ()) for record in wanted]
        return Response({"records": told})


def _check(wanted: Sequence[records.Record]) -> list[dict[str, Any]]:
    dns.forget_answers()
    checked = records.check_all(wanted)
    return [_tell(held.record, held.status, held.found) for held in checked]


def _tell(record: records.Record, status: str | None, found: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": record.kind,
        "name": record.name,
        "value": record.value,
        "purpose": record.purpose,
        "status": status,
        "found": list(found),
    }
