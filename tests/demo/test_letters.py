from pathlib import Path

import pytest

from groupware.demo.letters import BadText, read_letters

THREAD = """
[[thread]]
subject = "Tea"
lang = "en"

[[thread.message]]
id = "tea-1"
from = "ada"
to = ["team"]
when = "3 09:00"
text = "Is there any?"

[[thread.message]]
id = "tea-2"
from = "lea"
to = ["ada"]
when = "3 09:10"
text = "No."
"""


def read(folder: Path, text: str) -> list[str]:
    """Read one file; return the subjects."""
    (folder / "tea.toml").write_text(text)
    return [letter.subject for letter in read_letters(folder)]


def test_a_message_answers_the_one_before_it(tmp_path: Path) -> None:
    assert read(tmp_path, THREAD) == ["Tea", "Re: Tea"]
    first, second = read_letters(tmp_path)
    assert second.parent is first
    assert first.parent is None


def test_letters_come_in_the_order_of_their_dates(tmp_path: Path) -> None:
    later = THREAD.replace("tea-", "cup-").replace('"3 09', '"7 09').replace("Tea", "Cup")
    assert read(tmp_path, THREAD + later) == ["Cup", "Re: Cup", "Tea", "Re: Tea"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"tea-2"', '"tea-1"', "tea.toml: tea-1: the id is taken"),
        ('to = ["ada"]', 'too = ["ada"]', "tea.toml: tea-2: nobody reads too"),
        ('"3 09:10"', '"4 09:10"', "tea.toml: tea-2: it answers what was written later"),
        ('"3 09:10"', '"soon"', "tea.toml: tea-2: 'soon': a moment is written as DAYS HH:MM"),
        ('from = "lea"', "", "tea.toml: tea-2: .*sender"),
        ('text = "No."', 'reply_to = "tea-0"\ntext = ""', "tea.toml: tea-2: 'tea-0'"),
        ('id = "tea-2"', "", "tea.toml: a message without id"),
    ],
)
def test_what_is_written_wrongly_is_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    with pytest.raises(BadText, match=reason):
        read(tmp_path, THREAD.replace(old, new))
