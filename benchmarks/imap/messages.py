"""What the mailboxes hold: real messages of a directory, or generated ones where there is none."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

LARGEST = 256 << 10
SEED = 7
VOCABULARY = (
    "the of and to a in for is on that by this with you it not or be are from at as your all "
    "have new more an was we will home can us about if page my has search free but our one "
    "other do no information time they site he up may what which their news out use any there "
    "see only so his when contact here business who web also now help get view online first "
    "been would how were services some these click its like service than find price date back "
    "top people had list name over state year day into email two health world next used go work "
    "last most products music buy data make them should product system post her city add policy "
    "number such please support message after best software then good video well where info "
    "rights public books high school through each links she review years order very privacy "
    "book items company read group need many user said does set under general research "
    "university mail full map reviews program life know games way days management part could "
    "great united hotel real item international center"
)
WORDS = VOCABULARY.split()
_LINE_END = re.compile(rb"\r?\n")
_ID = re.compile(rb"(?<=<)([^<>@\s]+)(?=@)")
_ID_FIELD = re.compile(
    rb"(?im)^(?:message-id|in-reply-to|references):[^\r\n]*(?:\r\n[ \t][^\r\n]*)*"
)
_WORD = re.compile(rb"[a-z]{5,9}")


def load_messages(directory: Path | None, count: int) -> list[bytes]:
    """Return so many messages; those of a directory come again until there are enough.

    Each further copy is another message: it has a field and message ids of its own, so that
    nothing is stored once that a real mailbox would hold twice.
    """
    generator = random.Random(SEED)
    if directory is None:
        return list(_generated(generator, count))
    files = [path.read_bytes() for path in sorted(directory.rglob("*.eml"))]
    found = [normalize(data) for data in files if b"\0" not in data and 0 < len(data) <= LARGEST]
    if not found:
        raise SystemExit(f"{directory} holds no .eml file: name another directory of messages.")
    generator.shuffle(found)
    return [another(found[n % len(found)], n // len(found)) for n in range(count)]


def normalize(raw: bytes) -> bytes:
    """Return a message as SMTP carries it: CRLF after each line, no mbox line before it."""
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    return _LINE_END.sub(b"\r\n", raw.rstrip(b"\r\n")) + b"\r\n"


def another(message: bytes, copy: int) -> bytes:
    """Return the copy of a message that has message ids of its own."""
    if not copy:
        return message
    head, gap, body = message.partition(b"\r\n\r\n")
    head = _ID_FIELD.sub(lambda field: _ID.sub(rb"\1.%d" % copy, field[0]), head)
    return b"X-Benchmark-Copy: %d\r\n%b%b%b" % (copy, head, gap, body)


def _generated(generator: random.Random, count: int) -> Iterator[bytes]:
    """Yield messages like a team's: threads, text and HTML, some attachments."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    threads: list[tuple[str, list[str]]] = []
    for number in range(count):
        message = EmailMessage()
        message["From"] = _person(generator)
        message["To"] = ", ".join(_person(generator) for _ in range(generator.randint(1, 4)))
        message["Date"] = format_datetime(start + timedelta(minutes=37 * number))
        message["Message-ID"] = f"<{number}@bench.example>"
        _put_into_thread(message, generator, threads)
        _fill(message, generator)
        for depth, part in enumerate(message.walk()):
            if part.is_multipart():
                part.set_boundary(f"part-{number}-{depth}")  # the library's own is random
        yield normalize(message.as_bytes())


def _put_into_thread(
    message: EmailMessage, generator: random.Random, threads: list[tuple[str, list[str]]]
) -> None:
    if threads and generator.random() < 0.6:
        subject, references = generator.choice(threads[-200:])
        message["Subject"] = f"Re: {subject}"
        message["In-Reply-To"] = references[-1]
        message["References"] = " ".join(references[-10:])
    else:
        subject, references = _text(generator, generator.randint(2, 8)), []
        message["Subject"] = subject
        threads.append((subject, references))
    references.append(message["Message-ID"])


def _fill(message: EmailMessage, generator: random.Random) -> None:
    lines = [_text(generator, 12) for _ in range(int(generator.lognormvariate(3, 0.8)) + 1)]
    message.set_content("\n".join(lines) + "\n")
    if generator.random() < 0.4:
        message.add_alternative(f"<p>{'</p><p>'.join(lines)}</p>\n", subtype="html")
    if generator.random() < 0.08:
        attachment = generator.randbytes(generator.randint(5_000, 60_000))
        message.add_attachment(
            attachment, maintype="application", subtype="pdf", filename="report.pdf"
        )


def _person(generator: random.Random) -> str:
    first, last = generator.choices(WORDS[20:], k=2)
    return f"{first.title()} {last.title()} <{first}.{last}@sender.example>"


def _text(generator: random.Random, count: int) -> str:
    return " ".join(generator.choices(WORDS, k=count))


def usual_word(texts: Sequence[bytes], share: float = 0.05) -> bytes:
    """Return the word that is in nearest to this share of the texts."""
    held: Counter[bytes] = Counter()
    for text in texts:
        held.update(set(_WORD.findall(text.lower())))
    wanted = len(texts) * share
    return min(held, key=lambda word: (abs(held[word] - wanted), word))


def subjects(messages: Iterable[bytes]) -> list[bytes]:
    """Return the first line of each subject as it stands there."""
    found = (re.search(rb"(?im)^subject:([^\r\n]*)", message) for message in messages)
    return [match[1] if match else b"" for match in found]
