"""What records of the DNS are for, in words that a page can translate."""

import pytest
from django.utils.translation import override

from groupware.core.models import Domain
from groupware.panel.templatetags.panel import dns_purpose
from mail import records
from mail.models import KeyState

pytestmark = pytest.mark.django_db

STANDARDS = {"SPF", "DMARC", "MTA-STS", "TLS-RPT", "Outlook"}
"""Names that are the same in every language."""


def test_each_purpose_of_a_record_is_a_standard_or_has_its_italian(domain: Domain) -> None:
    wanted = [*records.list_wanted(domain.name), *records.list_reverse()]
    purposes = {record.purpose for record in wanted} | {f"DKIM, {key}" for key in KeyState.values}
    assert purposes > STANDARDS
    with override("it"):
        same = {purpose for purpose in purposes if str(dns_purpose(purpose)) == purpose}
    assert same == STANDARDS
