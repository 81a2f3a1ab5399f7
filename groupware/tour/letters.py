"""Letters for the tour, the same each time. Pure: chance comes from a seed."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from random import Random

WORDS = Path(__file__).with_name("words.txt").read_text("ascii").split()
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def letters(count: int, *, seed: str, words: int = 180) -> list[bytes]:
    """Return so many letters of about so many words, an hour apart."""
    chance = Random(seed)  # noqa: S311 - the same letters each time
    return [_letter(chance, number, seed, words) for number in range(count)]


def _letter(chance: Random, number: int, seed: str, words: int) -> bytes:
    message = EmailMessage()
    message["From"] = "Outside <outside@elsewhere.example>"
    message["To"] = "team@example.test"
    message["Subject"] = f"{' '.join(chance.sample(WORDS, 4))} {number}"
    message["Date"] = format_datetime(START + timedelta(hours=number))
    message["Message-ID"] = f"<{seed}-{number}@elsewhere.example>"
    text = chance.choices(WORDS, k=words)
    lines = (" ".join(text[at : at + 12]) for at in range(0, len(text), 12))
    message.set_content("\n".join(lines))
    return message.as_bytes().replace(b"\n", b"\r\n")


def with_attachment(octets: int, *, seed: str) -> bytes:
    """Return a letter with so large an attachment, of which nothing can be pressed out."""
    message = EmailMessage()
    message["From"] = "Outside <outside@elsewhere.example>"
    message["To"] = "team@example.test"
    message["Subject"] = "The catalogue"
    message["Message-ID"] = f"<{seed}@elsewhere.example>"
    message.set_content("Here it is.")
    data = Random(seed).randbytes(octets)  # noqa: S311 - noise, not a secret
    message.add_attachment(data, maintype="application", subtype="pdf", filename="catalogue.pdf")
    return message.as_bytes().replace(b"\n", b"\r\n")
