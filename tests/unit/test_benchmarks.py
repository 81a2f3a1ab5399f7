from datetime import datetime, time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from dateutil.rrule import rrulestr

from benchmarks.dav import objects
from benchmarks.imap.loads import CHAPTER
from benchmarks.imap.messages import another, load_messages, normalize, usual_word
from benchmarks.mail.handover import prepare
from benchmarks.side_by_side import chart, report

RESULTS = {
    "ours": {"append.one": [50.0, 200.0, 100.0], "fetch.flags": [0.02], "copy.all": [0.1]},
    "dovecot": {"append.one": [400.0, 50.0], "fetch.flags": [0.01], "sort.date": [0.3]},
}


def test_ratio_is_of_the_medians_and_above_one_where_ours_is_better() -> None:
    found = report.ratios(CHAPTER, RESULTS)
    assert found == {"append.one": pytest.approx(100 / 225), "fetch.flags": pytest.approx(0.5)}
    assert report.Line("noop", "NOOP").ratio(1.0, 3.0) == 3.0


def test_ratio_of_several_is_to_the_best_of_them() -> None:
    results = RESULTS | {"third": {"append.one": [1000.0], "fetch.flags": [0.05]}}
    found = report.ratios(CHAPTER, results)
    assert found == {"append.one": pytest.approx(0.1), "fetch.flags": pytest.approx(0.5)}


def test_table_tells_what_is_missing() -> None:
    text = report.table(CHAPTER, RESULTS, {"ours.sort": "ours does not announce SORT"})
    assert "| SORT DATE | missing | 300 ms |  |" in text
    assert "| FETCH UID FLAGS | 20 ms | 10 ms | 0.50 |" in text
    assert "| APPEND, one connection | 100/s | 225/s | 0.44 |" in text
    assert "Missing: ours does not announce SORT." in text
    assert "Below 1: APPEND, one connection 0.44; FETCH UID FLAGS 0.50." in text


def test_result_replaces_the_one_before_and_leaves_the_other_chapters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text("# Benchmarks\n\n## Disk\n\nSmall.\n")
    monkeypatch.setattr(report, "DOCUMENT", document)
    report.write(CHAPTER, "first")
    report.write(CHAPTER, "second")
    text = document.read_text()
    begin, end = CHAPTER.marks
    assert "first" not in text
    assert f"{CHAPTER.heading}\n\n{begin}\n\nsecond\n\n{end}\n" in text
    assert text.endswith("\n## Disk\n\nSmall.\n")


def test_chart_has_a_bar_for_each_ratio_on_either_side_of_one() -> None:
    text = chart.draw("Better", {"a": 2.0, "b": 0.25}, {"a": "A & B", "b": "C"})
    drawn = ElementTree.fromstring(text)  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    better, worse = drawn.iter(f"{space}rect")
    assert (better.get("class"), worse.get("class")) == ("better", "worse")
    origin = float(better.get("x", ""))
    assert float(worse.get("x", "")) + float(worse.get("width", "")) == pytest.approx(origin)
    assert float(worse.get("width", "")) == pytest.approx(2 * float(better.get("width", "")))


def test_messages_of_a_directory_come_again_as_others(tmp_path: Path) -> None:
    message = b"From x\nMessage-ID: <a@b>\nReferences: <c@d>\n <e@f>\nTo: g@h\n\n<i@j>\n"
    (tmp_path / "one.eml").write_bytes(message)
    first, second = load_messages(tmp_path, 2)
    assert first == normalize(message)
    assert first.startswith(b"Message-ID: <a@b>\r\n")
    assert second == another(first, 1)
    assert b"Message-ID: <a.1@b>\r\nReferences: <c.1@d>\r\n <e.1@f>\r\nTo: g@h\r\n" in second
    assert second.endswith(b"\r\n\r\n<i@j>\r\n")


def test_generated_messages_are_the_same_each_time_and_all_different() -> None:
    messages = load_messages(None, 50)
    assert messages == load_messages(None, 50)
    assert len(set(messages)) == 50
    assert not any(b"\n" in message.replace(b"\r\n", b"") for message in messages)
    assert any(b"multipart/" in message for message in messages)


def test_usual_word_is_in_about_the_share_of_the_texts_that_is_asked_for() -> None:
    texts = [b"Always " + (b"rarely" if number % 10 == 0 else b"") for number in range(100)]
    assert usual_word(texts, share=0.1) == b"rarely"


def occurs_in_month(data: bytes) -> bool:
    lines = data.decode().split("BEGIN:VEVENT")[1].splitlines()
    values = {line.partition(":")[0]: line.partition(":")[2] for line in lines}
    start = datetime.fromisoformat(values["DTSTART;TZID=Europe/Paris"])
    rule = rrulestr(values.get("RRULE", "FREQ=DAILY;COUNT=1"), dtstart=start)
    first, end = (datetime.combine(day, time()) for day in objects.MONTH)
    return bool(rule.between(first, end))


def test_events_of_a_month_are_those_that_an_expansion_finds() -> None:
    found = sum(occurs_in_month(objects.event(number, 400)) for number in range(400))
    assert objects.in_month(400) == found
    assert 0 < found < 40


def test_cards_have_the_name_that_is_looked_for_as_often_as_is_told() -> None:
    cards = [objects.card(number) for number in range(300)]
    assert objects.named("Durand", 300) == sum(
        b"FN:" in card and b" Durand " in card for card in cards
    )
    assert len(set(cards)) == 300


def test_message_is_handed_over_in_whole_lines_with_its_dots_doubled() -> None:
    assert prepare(b"a\r\n.b\nc\rd\r\n") == b"a\r\n..b\r\nc\r\nd\r\n.\r\n"
    assert prepare(b".") == b"..\r\n.\r\n"
