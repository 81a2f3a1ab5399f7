import os
import ssl
from pathlib import Path

from cryptography import x509
from structlog.testing import capture_logs

from groupware.core.tls import TlsContext, ensure_certificate, own_certificate_files


def handshake(server: ssl.SSLContext, trusted: Path, name: str) -> bytes:
    """Shake hands in memory, checking the name; return the certificate that was shown."""
    client = ssl.create_default_context(cafile=str(trusted))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    while waiting:
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
    shown = ours.getpeercert(binary_form=True)
    assert shown is not None
    return shown


def make(data: Path, *names: str) -> tuple[Path, Path]:
    ensure_certificate(data, names)
    return own_certificate_files(data)


def test_certificate_is_trusted_under_every_name(tmp_path: Path) -> None:
    cert, key = make(tmp_path, "example.test", "192.0.2.7")
    server = TlsContext(cert, key).context
    for name in ("example.test", "192.0.2.7", "localhost", "127.0.0.1", "::1"):
        handshake(server, cert, name)
    assert key.stat().st_mode & 0o777 == 0o600


def test_certificate_is_kept_until_a_name_is_missing(tmp_path: Path) -> None:
    cert, _ = make(tmp_path, "example.test")
    first = cert.read_bytes()
    make(tmp_path, "example.test")
    assert cert.read_bytes() == first
    make(tmp_path, "example.test", "mail.example.test")
    assert cert.read_bytes() != first


def test_certificate_signs_for_nobody_else(tmp_path: Path) -> None:
    cert, _ = make(tmp_path, "example.test")
    certificate = x509.load_pem_x509_certificate(cert.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not constraints.ca


def test_changed_files_are_shown_at_the_next_handshake(tmp_path: Path) -> None:
    cert, key = make(tmp_path, "example.test")
    context = TlsContext(cert, key)
    before = handshake(context.context, cert, "localhost")
    assert not context.reload_if_changed()
    make(tmp_path, "new.example.test")
    assert handshake(context.context, cert, "new.example.test") != before


def test_a_pair_that_does_not_fit_leaves_the_old_certificate(tmp_path: Path) -> None:
    cert, key = make(tmp_path / "a", "a.test")
    other, _ = make(tmp_path / "b", "b.test")
    context = TlsContext(cert, key)
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(cert.read_bytes())
    cert.write_bytes(other.read_bytes())
    assert not context.reload_if_changed()
    handshake(context.context, trusted, "a.test")
    cert.unlink()
    assert not context.reload_if_changed()
    cert.write_bytes(trusted.read_bytes())
    os.utime(cert, ns=(1, 1))
    assert context.reload_if_changed()


def test_a_file_that_is_missing_is_told_once(tmp_path: Path) -> None:
    cert, key = make(tmp_path, "a.test")
    context = TlsContext(cert, key)
    cert.unlink()
    with capture_logs() as logs:
        assert [context.reload_if_changed() for _ in range(3)] == [False] * 3
    assert [entry["event"] for entry in logs] == ["certificate not reloaded"]
