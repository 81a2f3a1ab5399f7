"""Sentences are English to everybody, and know what they were made of."""

import copy
import json
from collections.abc import Callable

import pytest
from django.utils import translation

from groupware.core.errors import Invalid, NotFound
from groupware.core.languages import localized
from groupware.core.sentences import Sentence


def test_an_error_is_english_wherever_text_is_read() -> None:
    error = NotFound("{login} is not leaving.", login="example.org")
    with translation.override("it"):
        assert error.message == str(error) == "example.org is not leaving."
        assert f"{error}: {error.message}".count("example.org is not leaving.") == 2
        assert json.dumps(error.message) == '"example.org is not leaving."'


def test_a_page_says_it_in_the_language_that_is_active() -> None:
    error = NotFound("{login} is not leaving.", login="example.org")
    with translation.override("it"):
        assert localized(error) == "example.org non è in uscita."
    with translation.override("en"):
        assert localized(error) == "example.org is not leaving."


def test_a_sentence_that_is_passed_on_keeps_what_it_was_made_of() -> None:
    first = NotFound("{login} is not leaving.", login="example.org")
    with translation.override("it"):
        assert localized(Invalid(first.message)) == "example.org non è in uscita."


def test_a_sentence_within_a_sentence_is_said_in_the_same_language() -> None:
    inner = Sentence("{login} is not leaving.", login="example.org")
    with translation.override("it"):
        assert localized(Sentence("{host} says: {answer}", host="b.test", answer=inner)) == (
            "b.test dice: example.org non è in uscita."
        )


@pytest.mark.parametrize("text", ["{", "{name}", "{0} of {}", "100 %", "%(name)s"])
def test_what_comes_from_elsewhere_is_no_template(text: str) -> None:
    error = Invalid(text)
    assert error.message == text
    with translation.override("it"):
        assert localized(error) == text


def test_what_fills_a_place_is_no_template_either() -> None:
    error = NotFound("{login} is not leaving.", login="{number}")
    with translation.override("it"):
        assert localized(error) == "{number} non è in uscita."


def test_nothing_is_nothing_in_every_language() -> None:
    with translation.override("it"):
        assert localized("") == ""


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_a_copy_knows_the_same(again: Callable[[Sentence], Sentence]) -> None:
    held = Sentence("{login} is not leaving.", login="a")
    made = again(held)
    assert (made, made.template, made.values) == (held, held.template, held.values)
