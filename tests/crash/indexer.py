"""A process that delivers, indexes or searches on a store, and may be killed at a crash point.

    python -m tests.crash.indexer deliver|index|ask

`ask` prints, for each word, the UIDs that TEXT and SUBJECT find.
"""

import json
import sys

import django

WORDS = ("harbour", "he", "hills", "東京")
LOGIN = "ada@example.test"
MESSAGES = 12


def message(number: int) -> bytes:
    """Return a message with one of the words."""
    word = WORDS[number % len(WORDS)]
    return f"Subject: {number} {word}\r\n\r\nNumber {number}: {word}.\r\n".encode()


def main(task: str) -> None:
    """Do the task."""
    django.setup()
    from groupware.core.models import Account
    from mail.search.keys import HeaderKey, TextKey
    from tests.services.mail.search.asking import ask, fill, index_everything

    account = Account.objects.get(login=LOGIN)
    if task == "deliver":
        fill(account, [message(number) for number in range(MESSAGES)])
    elif task == "index":
        index_everything()
    else:
        keys = [key for word in WORDS for key in (TextKey(word), HeaderKey("Subject", word))]
        sys.stdout.write(json.dumps([ask(account, key) for key in keys]))


if __name__ == "__main__":
    main(sys.argv[1])
