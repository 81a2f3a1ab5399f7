"""Icons, meters, badges, moments, and what tables of the panel write."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django import template
from django.template.defaultfilters import date, filesizeformat
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from groupware.core.models import AddressKind, Role
from groupware.core.rights import PRESETS, parse_rights
from groupware.panel import auditwords
from groupware.panel.reasons import reason_word
from groupware.panel.words import (
    ADDRESS_KINDS,
    CREDENTIALS,
    DNS_PURPOSES,
    IMPORT_COLUMNS,
    IMPORT_STATES,
    OTHER_RIGHT_WORDS,
    PLACES,
    PROTOCOLS,
    RIGHT_WORDS,
    ROLES,
    STATE_LEVELS,
    STATES,
    STEP_LEVELS,
    STEPS,
)

register = template.Library()
register.simple_tag(auditwords.action_word)
register.simple_tag(auditwords.actor_word)
register.simple_tag(auditwords.target_word)
register.simple_tag(reason_word)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon of the sprite; beside a text, so that it says nothing of its own."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.filter
def breakable(name: str) -> SafeString:
    """Return the name of a variable that a line may break behind each underscore of."""
    return format_html_join(SafeString("_<wbr>"), "{}", ([word] for word in name.split("_")))


@register.simple_tag
def meter(used: int, quota: int) -> SafeString:
    """Return how much of a quota is used, as a bar and in words; no bar where there is no quota."""
    if not quota:
        return format_html('<span class="meter"><span>{}</span></span>', filesizeformat(used))
    percent = min(100, used * 100 // quota)
    level = "full" if percent >= 90 else "high" if percent >= 75 else "fine"
    bar = format_html(
        '<svg class="bar {}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="100" height="6"/><rect class="used" width="{}" height="6"/></svg>',
        level,
        percent,
    )
    sizes = {"used": filesizeformat(used), "quota": filesizeformat(quota)}
    text = _("%(used)s of %(quota)s") % sizes
    return format_html('<span class="meter">{}<span>{}</span></span>', bar, text)


@register.simple_tag
def badge(text: Any, level: str = "") -> SafeString:
    """Return a word about the state of something; `level` is good, bad, warn, info or nothing."""
    return format_html('<span class="badge {}">{}</span>', level, text)


@register.simple_tag
def moment(value: datetime | int | None) -> SafeString:
    """Return a moment, in UTC; the page's script tells it in the zone of the browser."""
    if value is None:
        return SafeString("-")
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, int) else value
    shown = date(at, "j M Y H:i")
    return format_html('<time datetime="{}">{} UTC</time>', at.isoformat(), shown)


@register.simple_tag
def audit_detail(detail: Mapping[str, Any]) -> SafeString:
    """Return what an entry of the audit log tells beside who and what."""
    told = auditwords.detail_words(detail)
    return format_html_join(", ", '<span class="soft">{}</span> {}', told)


def day(value: datetime) -> str:
    """Return a day as every table writes it."""
    return date(value, "j M Y")


@register.simple_tag
def trace_moment(microseconds: int) -> SafeString:
    """Return the moment of a step of a message."""
    return moment(microseconds // 1_000_000)


@register.simple_tag
def trace_step(step: str) -> SafeString:
    """Return what a step of a message is called."""
    return badge(STEPS.get(step, step), STEP_LEVELS.get(step, ""))


@register.simple_tag
def dns_purpose(purpose: str) -> Any:
    """Return what a record of the DNS is for."""
    return DNS_PURPOSES.get(purpose, purpose)


@register.simple_tag
def part_state(state: str) -> SafeString:
    """Return in a word how a part of the server is."""
    return badge(STATES[state], STATE_LEVELS.get(state, ""))


@register.simple_tag
def protocol_name(protocol: str) -> Any:
    """Return what a protocol is called."""
    return PROTOCOLS.get(protocol, protocol)


@register.simple_tag
def credential_name(credential: str) -> Any:
    """Return what a session was opened with."""
    return CREDENTIALS.get(credential, credential)


@register.simple_tag
def role_name(role: str) -> Any:
    """Return what a role is called."""
    return ROLES[Role(role)]


@register.simple_tag
def address_kind(kind: str) -> Any:
    """Return what an address is called."""
    return ADDRESS_KINDS[AddressKind(kind)]


@register.simple_tag
def place_kind(kind: str) -> Any:
    """Return what a kind of collection is called."""
    return PLACES.get(kind, kind)


@register.simple_tag
def place_name(place: str) -> Any:
    """Return what is shared, given as `kind/name`; the empty text is everything."""
    if not place:
        return _("everything")
    kind, _slash, name = place.partition("/")
    return f"{name} ({PLACES.get(kind, kind)})"


@register.simple_tag
def rights_name(rights: str) -> Any:
    """Return in words what rights give; the letters themselves where there is no word."""
    held = parse_rights(rights)
    usual = next((name for name, letters in PRESETS.items() if letters == held.letters), "")
    words = RIGHT_WORDS | OTHER_RIGHT_WORDS
    letters = words.get(usual, held.letters)
    told = [letters, *(words.get(name, name) for name in held.named)]
    return ", ".join(str(word) for word in told if word)


@register.simple_tag
def labelled_cells(cells: Iterable[SafeString], headers: Sequence[Mapping[str, Any]]) -> SafeString:
    """Return the cells of a row, each with its column's name for windows that are too narrow."""
    return format_html_join("", "{}", ((held,) for held in map(_labelled, cells, headers)))


def _labelled(cell: SafeString, header: Mapping[str, Any]) -> SafeString:
    if not cell.startswith("<td") or "action-checkbox" in cell[:40]:
        return cell
    start = format_html('<td data-label="{}"', header["text"])
    # Of Django's own making, and safe as it was.
    return mark_safe(start + cell[3:])  # noqa: S308


@register.simple_tag
def page_link(cl: Any, step: int) -> str:
    """Return the query of the page that is so many pages on."""
    found: str = cl.get_query_string({"p": cl.page_num + step})
    return found


@register.simple_tag
def import_column(name: str) -> Any:
    """Return the heading of a column of accounts."""
    return IMPORT_COLUMNS[name]


@register.simple_tag
def import_state(state: str) -> SafeString:
    """Return how far an import of accounts is."""
    return badge(IMPORT_STATES[state], {"done": "good", "running": "info"}.get(state, ""))
