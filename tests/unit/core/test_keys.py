from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from groupware.core.keys import create_private_file, load_secret, replace_private_file


def test_a_secret_is_made_once_and_stays(tmp_path: Path) -> None:
    first = load_secret(tmp_path, "secret_key")
    assert load_secret(tmp_path, "secret_key") == first
    assert load_secret(tmp_path, "other") != first
    assert len(first) >= 64


def test_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    load_secret(tmp_path, "secret_key")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert len(list((tmp_path / "keys").iterdir())) == 1


def test_many_who_ask_at_once_get_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: load_secret(tmp_path, "secret_key"), range(64)))
    assert len(secrets) == 1


def test_created_file_is_never_overwritten_and_replaced_file_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert create_private_file(path, b"one")
    assert not create_private_file(path, b"two")
    assert path.read_bytes() == b"one"
    replace_private_file(path, b"three")
    assert path.read_bytes() == b"three"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
