"""HTML of a message, made harmless for a page that shows it. Pure.

nh3 (ammonia, html5ever) reads it as a browser does; of what it finds, only what stands in the tables
here is kept. Nothing runs, nothing is sent, nothing lies over the page, links open elsewhere without
telling where from. Nothing is fetched: pictures inside the message lead to the caller's own
addresses of its parts, those of other servers are left out unless they are asked for, since each
tells its server who reads when and where.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import unquote

import nh3

from mail.reading.styles import clean_style, fetches

MAX_HTML: Final = 2 << 20
"""Characters of HTML that are cleaned; what is longer is shown as far as that."""
MAX_ELEMENTS: Final = 20_000
"""Elements that are cleaned, likewise: what lies in each other takes the square of their number."""
MAX_REFERENCES: Final = 50_000
"""Ampersands, likewise: each costs by how long the text is that it stands in."""
MAX_REOPENED: Final = 500_000
"""Elements that HTML makes at most of marks left open, which it opens again in each paragraph."""

_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "article",
        "aside",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "dir",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "nav",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_WITHOUT_CONTENT: Final = frozenset(
    [
        "applet",
        "audio",
        "canvas",
        "embed",
        "frame",
        "frameset",
        "iframe",
        "math",
        "noembed",
        "noframes",
        "noscript",
        "object",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "video",
        "xmp",
    ]
)
"""Elements that go with what is in them. `plaintext` never ends, so that nothing would be left."""
_EVERYWHERE: Final = {"align", "dir", "lang", "style", "title", "valign", "background"}
_ATTRIBUTES: Final[Mapping[str, set[str]]] = {
    "*": _EVERYWHERE,
    "a": {"href"},
    "blockquote": {"type"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "del": {"datetime"},
    "details": {"open"},
    "font": {"color", "face", "size"},
    "hr": {"color", "noshade", "size", "width"},
    "img": {"alt", "border", "height", "hspace", "src", "srcset", "vspace", "width"},
    "ins": {"datetime"},
    "li": {"type", "value"},
    "ol": {"reversed", "start", "type"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "height", "summary", "width"},
    "td": {"abbr", "bgcolor", "colspan", "height", "nowrap", "rowspan", "width"},
    "th": {"abbr", "bgcolor", "colspan", "height", "nowrap", "rowspan", "scope", "width"},
    "tr": {"bgcolor", "height"},
    "ul": {"type"},
}
_ADDED: Final = {
    "a": {"target": "_blank"},
    "img": {"referrerpolicy": "no-referrer"},
}
_REL: Final = "noopener noreferrer nofollow"
_SCHEMES: Final = {"http", "https", "mailto", "tel", "cid", "data"}
"""Those that reach the filter, which says where each may stand."""

_LINK: Final = re.compile(r"(?:https?://|mailto:|tel:)[^\s]", re.IGNORECASE)
_REMOTE: Final = re.compile(r"(?:https?:)?[/\\]{2}", re.IGNORECASE)
_SAFE_REMOTE: Final = re.compile(r"https?://[^\s/\\]", re.IGNORECASE)
_PICTURE: Final = re.compile(
    r"data:image/(?:png|gif|jpe?g|webp);base64,[A-Za-z0-9+/=%\s]*+", re.IGNORECASE
)
_BLANKS: Final = re.compile(r"[\x00-\x20\x7f-\x9f]+")
_OPENING: Final = re.compile(r"<[a-zA-Z]")
_REFERENCE: Final = re.compile("&")
_MARK: Final = re.compile(
    r"<(/?)(?:b|big|code|em|font|i|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE
)
"""Marks of the running text that HTML opens again (HTML §13.2.4.3); of `a` there is but one."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """HTML that is harmless, how many things of other servers were left out, and where it ends."""

    html: str
    blocked: int
    is_cut: bool


@dataclass(slots=True)
class _Filter:
    """Says of each attribute what is left of it, and counts what is not fetched."""

    parts: Mapping[str, str]
    remote: bool
    blocked: int = 0

    def __call__(self, tag: str, name: str, value: str) -> str | None:  # noqa: ARG002 (nh3's)
        if name == "style":
            return self._style(value)
        if name == "href":
            address = _squeeze(value)
            return address if _LINK.match(address) else None
        if name == "src":
            return self._picture(value)
        if name in ("srcset", "background"):
            self.blocked += not _squeeze(value).startswith(("data:", "cid:")) and bool(value)
            return None
        return value

    def _style(self, value: str) -> str | None:
        self.blocked += fetches(value)
        return clean_style(value) or None

    def _picture(self, value: str) -> str | None:
        address = _squeeze(value)
        if address[:4].lower() == "cid:":
            return self.parts.get(unquote(address[4:])) or self.parts.get(address[4:])
        if _PICTURE.fullmatch(address):
            return address
        if not _REMOTE.match(address):
            return None
        if self.remote and _SAFE_REMOTE.match(address):
            return address
        self.blocked += 1
        return None


def _squeeze(value: str) -> str:
    """Return an address as browsers take it: without blanks around, and line ends within."""
    return _BLANKS.sub(lambda found: "" if found[0].strip(" ") else found[0], value).strip()


def clean_html(markup: str, parts: Mapping[str, str], *, remote: bool = False) -> Cleaned:
    """Return what may be shown of HTML; `parts` are addresses of its parts by Content-ID.

    With `remote`, pictures of other servers stay, and a page that shows them lets a browser fetch
    them. Never raises, whatever the markup is; the time it takes is bounded.
    """
    bounded = _bound(markup)
    chosen = _Filter(parts, remote)
    html = nh3.clean(
        _without_marks(bounded),
        tags=set(_TAGS),
        clean_content_tags=set(_WITHOUT_CONTENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=chosen,
        strip_comments=True,
        link_rel=_REL,
        set_tag_attribute_values=_ADDED,
        url_schemes=set(_SCHEMES),
    )
    return Cleaned(html, chosen.blocked, len(bounded) < len(markup))


def _bound(markup: str) -> str:
    """Return what is not too long, up to the element or the reference that is one too many."""
    bounded = markup[:MAX_HTML]
    for pattern, most in ((_OPENING, MAX_ELEMENTS), (_REFERENCE, MAX_REFERENCES)):
        beyond = next(islice(pattern.finditer(bounded), most, None), None)
        bounded = bounded if beyond is None else bounded[: beyond.start()]
    return bounded


def _without_marks(markup: str) -> str:
    """Return markup whose elements are not many more than it names, by making marks plain."""
    marks = len(_MARK.findall(markup))
    if marks * len(_OPENING.findall(markup)) <= MAX_REOPENED:
        return markup
    return _MARK.sub(r"<\1span", markup)
