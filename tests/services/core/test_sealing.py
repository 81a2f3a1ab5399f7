"""Secrets of others: sealed by a key of this installation, for one purpose."""

from pathlib import Path

import pytest

from groupware.core.sealing import KEY, Unsealable, seal, unseal


def test_a_secret_is_sealed_for_its_purpose_alone() -> None:
    one, other = seal("pässword", "a"), seal("pässword", "a")
    assert one != other, "who compares rows learns nothing"
    assert unseal(one, "a") == unseal(other, "a") == "pässword"
    for damaged, purpose in (
        (one, "b"),
        (one[:-1], "a"),
        (b"\x02" + one[1:], "a"),
        (b"", "a"),
        (one[:20] + bytes([one[20] ^ 1]) + one[21:], "a"),
    ):
        with pytest.raises(Unsealable, match="set it again"):
            unseal(damaged, purpose)


def test_the_key_is_a_private_file_and_without_it_nothing_opens(own_data: Path) -> None:
    sealed = seal("secret", "a")
    path = own_data / "keys" / KEY
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("another")
    with pytest.raises(Unsealable):
        unseal(sealed, "a")
