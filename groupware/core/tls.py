"""TLS for every protocol: the certificate, made here or given, and its reload when it changes."""

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from groupware.core.clock import now
from groupware.core.keys import replace_private_file

# Apple's systems refuse server certificates that are valid for longer.
VALID_DAYS = 825
RENEW_DAYS = 30
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

_log = structlog.get_logger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


class TlsContext:
    """A server's SSLContext whose certificate follows its files, without a restart.

    `context` stays one object and looks at the files at each handshake: sessions that are open
    keep what they negotiated, the next one gets the new certificate.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        self._cert = cert
        self._key = key
        self._stamp = self._read_stamp()
        self.context = self._current = new_server_context(cert, key)
        self.context.sni_callback = self._choose_context

    def _choose_context(
        self, session: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        # Called after each ClientHello, with or without a server name.
        self.reload_if_changed()
        if self._current is not self.context:
            session.context = self._current

    def reload_if_changed(self) -> bool:
        """Load the files anew if they changed; a pair that does not fit leaves the old in place.

        Costs two stats.
        """
        try:
            stamp = self._read_stamp()
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            self._current = new_server_context(self._cert, self._key)
        except OSError as error:  # ssl.SSLError is one
            _log.warning("certificate not reloaded", file=str(self._cert), error=str(error))
            return False
        _log.info("certificate reloaded", file=str(self._cert))
        return True

    def _read_stamp(self) -> _Stamp:
        try:
            stats = [path.stat() for path in (self._cert, self._key)]
        except OSError:
            # Loading fails at the same file and tells of it: once, until the files change again.
            return ()
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)


def new_server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """Return a context for servers: TLS 1.2 and later, no renegotiation. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.load_cert_chain(cert, key)
    return context


def server_tls() -> TlsContext:
    """Return TLS as this installation has it set up; one object serves a whole process."""
    return TlsContext(*certificate_files())


def certificate_files() -> tuple[Path, Path]:
    """Return the files of certificate and key: the given ones, or those that were made here."""
    cert, key = settings.GROUPWARE_TLS_CERT, settings.GROUPWARE_TLS_KEY
    if cert is not None and key is not None:
        return cert, key
    return own_certificate_files(settings.GROUPWARE_DATA)


def own_certificate_files(data: Path) -> tuple[Path, Path]:
    """Return the files that `ensure_certificate` makes."""
    return data / "tls" / "cert.pem", data / "tls" / "key.pem"


def ensure_certificate(data: Path, names: Sequence[str]) -> None:
    """Make a self-signed certificate for `names` and this machine in DATA/tls, if it is needed.

    It is needed where none is there, where it lacks a name and where it soon expires.
    """
    cert, key = own_certificate_files(data)
    wanted = [_general_name(name) for name in dict.fromkeys((*names, *LOCAL_NAMES))]
    if key.exists() and _is_good(cert, wanted):
        return
    cert.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private_key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_sign(private_key, names[0] if names else LOCAL_NAMES[0], wanted)
    replace_private_file(
        key,
        private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    replace_private_file(cert, certificate.public_bytes(serialization.Encoding.PEM))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_good(cert: Path, wanted: Sequence[x509.GeneralName]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(cert.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    fresh = certificate.not_valid_after_utc > now() + datetime.timedelta(days=RENEW_DAYS)
    return fresh and set(wanted) <= set(names)


def _self_sign(
    private_key: ec.EllipticCurvePrivateKey, name: str, names: Sequence[x509.GeneralName]
) -> x509.Certificate:
    public_key = private_key.public_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    start = now() - datetime.timedelta(hours=1)
    # Trusted by itself, never as an authority: a stolen key must not sign for other names.
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key), critical=False
        )
    )
    return builder.sign(private_key, hashes.SHA256())
