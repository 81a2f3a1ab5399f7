"""Reasons that the server wrote down are said in the language of who reads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from groupware.panel.reasons import TEMPLATES, reason_word
from tests import messages
from tests.italian import is_english

SOURCES = [*(messages.ROOT / "mail").rglob("*.py")]
FOUND_OUT = "found_out"


def found_out_texts() -> Iterator[str]:
    """Yield what this server finds out, with something in each place."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and messages.called(node.func) == FOUND_OUT:
                text = _sample(node.args[1])
                if is_english(text):
                    yield text


def _sample(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "x.test" for part in node.values
        )
    return ""


def test_each_thing_that_the_server_finds_out_has_its_italian() -> None:
    texts = set(found_out_texts())
    assert len(texts) > 12
    with translation.override("it"):
        assert [text for text in sorted(texts) if is_english(reason_word(text))] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "5.1.2 There is no domain a.test that takes mail.",
            "5.1.2 Non c\u2019è un dominio a.test",
        ),
        ("4.4.1 No server of b.test could be reached.", "4.4.1 Nessun server di b.test"),
        ("450 4.2.1 come back later", "450 4.2.1 come back later"),
        ("by ann@example.test", "da ann@example.test"),
        ("", ""),
    ],
)
def test_codes_stay_and_what_others_said_stays(text: str, told: str) -> None:
    with translation.override("it"):
        assert reason_word(text).startswith(told)
    with translation.override("en"):
        assert reason_word(text) == text


def test_each_template_is_one_that_mail_says() -> None:
    """What nothing says any more leaves the catalogue."""
    source = " ".join(" ".join(path.read_text("utf-8").split()) for path in [*SOURCES, *_core()])
    source = source.replace('" f"', "").replace('" "', "")
    unsaid = [text for text in TEMPLATES if max(_parts(text), key=len) not in source]
    assert unsaid == []


def _parts(template: str) -> list[str]:
    """Return what stands between the places; what a limit is called is put in by itself."""
    said = template.replace("(GROUPWARE_SOURCE_NETWORKS).", "")
    return [part.rpartition("}")[2].strip() for part in said.split("{")]


def _core() -> list[Path]:
    return [
        messages.ROOT / "groupware/core/dns.py",
        *(messages.ROOT / "groupware/core").glob("*.py"),
    ]
