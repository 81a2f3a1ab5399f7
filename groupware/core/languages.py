"""What people read, in their language: the one home of looking sentences up.

A page has the language of its request; whoever is outside of one says whose language it is.
"""

from django.utils.translation import gettext

from groupware.core.errors import GroupwareError
from groupware.core.sentences import Sentence


def localized(told: str | GroupwareError) -> str:
    """Return a sentence of ours in the language that is active; in English where it has no other."""
    sentence = Sentence(told.message if isinstance(told, GroupwareError) else told)
    if not sentence:
        return ""
    template = gettext(sentence.template)
    if not sentence.values:
        return template
    return template.format(**{name: _part(value) for name, value in sentence.values.items()})


def _part(value: object) -> object:
    return localized(value) if isinstance(value, Sentence) else value
