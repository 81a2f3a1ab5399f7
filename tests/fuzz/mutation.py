"""New inputs from known ones: cut, doubled, spliced with others, sown with words and octets."""

import random
from collections.abc import Callable, Sequence

LARGEST = 64 * 1024


class Mutator:
    """Makes inputs; the same seed and the same seeds of growth make the same ones."""

    def __init__(self, chance: random.Random, words: Sequence[bytes]) -> None:
        self._chance = chance
        self._words = words
        self._ways: tuple[Callable[[bytes, bytes], bytes], ...] = (
            self._drop,
            self._double,
            self._splice,
            self._sow_word,
            self._sow_word,
            self._sow_octet,
            self._set_octet,
            self._swap_number,
        )

    def mutate(self, one: bytes, other: bytes) -> bytes:
        """Return an input that was changed in one to eight ways."""
        for _ in range(self._chance.randint(1, 8)):
            one = self._chance.choice(self._ways)(one, other)
        return one[:LARGEST]

    def _place(self, data: bytes) -> int:
        return self._chance.randint(0, len(data))

    def _piece(self, data: bytes) -> tuple[int, int]:
        start = self._place(data)
        length = min(self._chance.choice((1, 2, 8, 40, 400)), len(data) - start)
        return start, start + length

    def _drop(self, one: bytes, _other: bytes) -> bytes:
        start, end = self._piece(one)
        return one[:start] + one[end:]

    def _double(self, one: bytes, _other: bytes) -> bytes:
        start, end = self._piece(one)
        return one[:end] + one[start:end] * self._chance.choice((1, 1, 2, 50)) + one[end:]

    def _splice(self, one: bytes, other: bytes) -> bytes:
        start, end = self._piece(other)
        at = self._place(one)
        return one[:at] + other[start:end] + one[at:]

    def _sow_word(self, one: bytes, _other: bytes) -> bytes:
        at = self._place(one)
        return one[:at] + self._chance.choice(self._words) + one[at:]

    def _sow_octet(self, one: bytes, _other: bytes) -> bytes:
        at = self._place(one)
        return one[:at] + self._chance.randbytes(1) + one[at:]

    def _set_octet(self, one: bytes, _other: bytes) -> bytes:
        at = self._place(one)
        return one[:at] + self._chance.randbytes(1) + one[at + 1 :]

    def _swap_number(self, one: bytes, _other: bytes) -> bytes:
        numbers = (b"0", b"1", b"4294967295", b"4294967296", b"9223372036854775808", b"-1")
        digits = [place for place, octet in enumerate(one) if 48 <= octet <= 57]
        if not digits:
            return one
        at = self._chance.choice(digits)
        return one[:at] + self._chance.choice(numbers) + one[at + 1 :]
