"""Inline styles of HTML mail, kept as far as they can do no harm (CSS 2.1 §4, CSS Syntax 3). Pure.

Nothing here reads CSS as a browser does: what is not plainly harmless is left out. No value names
anything to fetch, lies over what is around the message, or hides itself behind an escape.
"""

import re
from typing import Final

_PROPERTIES: Final = frozenset(
    [
        "background-color",
        "border-collapse",
        "border-color",
        "border-radius",
        "border-spacing",
        "border-style",
        "border-width",
        "caption-side",
        "clear",
        "color",
        "direction",
        "display",
        "empty-cells",
        "float",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-variant",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style-type",
        "max-height",
        "max-width",
        "min-height",
        "min-width",
        "overflow-wrap",
        "table-layout",
        "text-align",
        "text-decoration",
        "text-indent",
        "text-transform",
        "unicode-bidi",
        "vertical-align",
        "visibility",
        "white-space",
        "width",
        "word-break",
        "word-spacing",
        "word-wrap",
    ]
)
_SIDED: Final = re.compile(
    r"(?:margin|padding)(?:-(?:top|right|bottom|left))?"
    r"|border(?:-(?:top|right|bottom|left))?(?:-(?:color|style|width))?"
)
_SHORTHANDS: Final = frozenset({"background"})
"""Of these only a colour is taken, as `background-color`."""
_VALUE: Final = re.compile(r"(?:[\w\s.,#%+/\"'!-]|(?:rgba?|hsla?)\([\d\s.,%/+-]*\))+")
_COLOR: Final = re.compile(
    r"[a-z]{3,30}|#[0-9a-f]{3,8}|(?:rgba?|hsla?)\([\d\s.,%/+-]*\)", re.IGNORECASE
)
_FETCHES: Final = re.compile(r"url\s*\(|image-set|image\s*\(|src\s*\(|@import", re.IGNORECASE)
_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)


def clean_style(text: str) -> str:
    """Return the declarations of a style attribute that are plainly harmless, "" for none."""
    if "\\" in text:  # an escape: `u\\72l(` is `url(`
        return ""
    kept = []
    for declaration in _COMMENT.sub(" ", text).split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name in _SHORTHANDS and _COLOR.fullmatch(value):
            name = "background-color"
        is_known = name in _PROPERTIES or _SIDED.fullmatch(name)
        if colon and is_known and _VALUE.fullmatch(value) and _is_in_place(name, value):
            kept.append(f"{name}: {value}")
    return "; ".join(kept)


def fetches(text: str) -> bool:
    """Tell whether a style may ask for something from elsewhere, also behind an escape."""
    return "\\" in text or _FETCHES.search(_COMMENT.sub("", text)) is not None


def _is_in_place(name: str, value: str) -> bool:
    """Tell whether a value leaves what is around the message as it is: nothing goes outside."""
    if name.startswith(("margin", "text-indent")):
        return "-" not in value
    return True
