"""What the audit log tells beside an action."""

from django.utils import translation

from groupware.panel.auditwords import detail_words


def told(detail: dict[str, object], language: str = "en") -> list[tuple[str, object]]:
    with translation.override(language):
        return [(str(name), value) for name, value in detail_words(detail)]


def test_space_without_a_bound_is_no_size_of_nothing() -> None:
    assert told({"quota": 0}) == [("space", "unlimited")]
    assert told({"quota": 0}, "it") == [("spazio", "illimitata")]
    assert told({"quota": 5 * 2**30}) == [("space", "5.0\xa0GB")]


def test_what_is_empty_is_not_told() -> None:
    assert told({"quota": None, "name": "", "members": [], "enabled": False}) == [("enabled", "no")]
