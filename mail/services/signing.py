"""Signing what domains send, and the keys for it: docs/adr/0044.

A domain signs with every active key that it has: RSA, which everybody checks, and Ed25519 where it
has one (RFC 8463 §4). Another name of a domain is signed for with that domain's keys.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import structlog
from django.db.models import Q

from groupware.core import audit
from groupware.core.addresses import BadAddress, parse_domain
from groupware.core.clock import epoch, now
from groupware.core.directory import get_domain
from groupware.core.errors import AlreadyExists, GroupwareError, Invalid, NotFound
from groupware.core.models import Domain
from groupware.core.sealing import seal as seal_secret
from groupware.core.sealing import unseal
from mail.authentication import Results, keys
from mail.authentication.arc import seal_message
from mail.authentication.canonical import read_message
from mail.authentication.dkim import Signer, sign_message
from mail.models import DkimKey, KeyState

ALGORITHMS = (keys.RSA, keys.ED25519)
MAX_KEYS = 10
"""Keys of a domain, whatever their state."""
_PURPOSE = "dkim"
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key as it is told: never its private half."""

    selector: str
    algorithm: str
    state: str
    record: str  # the TXT record at SELECTOR._domainkey.DOMAIN


def sign(data: bytes, domain: str) -> bytes:
    """Return the DKIM-Signature fields of a domain for a message, to be put before it.

    Nothing where the domain has no key, or the message no From to sign. Of what is put before the
    message in the end, `data` has what is to be signed: Date and Message-ID that were added.
    """
    signers = _signers(domain)
    if not signers or not read_message(data).named(b"from"):
        return b""
    return b"".join(sign_message(data, signer, epoch()) for signer in signers)


def can_sign(domain: str) -> bool:
    """Tell whether a domain has a key to sign with."""
    return bool(_signers(domain))


def seal(data: bytes, found: Results, domain: str) -> bytes:
    """Return the ARC set (RFC 8617) to put before a message from outside that is passed on.

    `domain` is that of the list or the account that passes it on, `found` what was seen when it
    came. Nothing where there is no key or no chain that could be gone on with.
    """
    for signer in _signers(domain):
        return seal_message(data, found.text, found.arc, signer, epoch())
    return b""


def _signers(domain: str) -> list[Signer]:
    """Return what a domain signs with, RSA first; a key that cannot be read is left out."""
    try:
        name = parse_domain(domain)
    except BadAddress:
        return []
    signers = []
    for held in DkimKey.objects.filter(
        Q(domain__name=name) | Q(domain__aliases__name=name), state=KeyState.ACTIVE
    ).order_by("-algorithm", "pk"):
        if (key := _find_key(held)) is None:
            # Its mail goes unsigned rather than not at all.
            log.error("DKIM key unreadable", domain=name, selector=held.selector)
        else:
            signers.append(Signer(name, held.selector, held.algorithm, key))
    return signers


def _find_key(held: DkimKey) -> keys.PrivateKey | None:
    try:
        return _load(bytes(held.private_key))
    except (GroupwareError, ValueError):
        return None


@lru_cache(maxsize=256)
def _load(sealed: bytes) -> keys.PrivateKey:
    return keys.load_private(unseal(sealed, _PURPOSE))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A private key, sealed, that is no domain's yet."""

    algorithm: str
    sealed: bytes = field(repr=False)


def generate_key(algorithm: str) -> NewKey:
    """Generate a key, outside of any transaction: an RSA key takes some tenths of a second, at times a whole one.

    Raises `Invalid`.
    """
    if algorithm not in ALGORITHMS:
        raise Invalid("A key is one of {algorithms}.", algorithms=", ".join(ALGORITHMS))
    return NewKey(algorithm, seal_secret(keys.export_private(keys.generate(algorithm)), _PURPOSE))


def create_key(domain: str, *, selector: str = "", algorithm: str = keys.RSA) -> KeyEntry:
    """Make a key; the first of its algorithm is active at once, another one waits for `use_key`.

    Whoever is in a transaction already calls `generate_key` before it, and `add_key` in it.
    Raises `NotFound`, `AlreadyExists`, `Invalid`.
    """
    return add_key(domain, generate_key(algorithm), selector=selector)


def add_key(domain: str, new: NewKey, *, selector: str = "") -> KeyEntry:
    """Give a domain a key that was generated; as `create_key`."""
    if selector and not _SELECTOR.fullmatch(selector):
        raise Invalid("A selector is of small letters, digits and hyphens, 63 at most.")
    algorithm = new.algorithm
    with audit.change():
        owner = _owner(domain)
        held = list(DkimKey.objects.filter(domain=owner))
        taken = {key.selector for key in held}
        if len(held) >= MAX_KEYS:
            raise Invalid(
                "{domain} has {most} keys: drop one that is not used any more.",
                domain=owner.name,
                most=MAX_KEYS,
            )
        if selector in taken:
            raise AlreadyExists(
                "{domain} has a key {selector} already.", domain=owner.name, selector=selector
            )
        active = any(key.algorithm == algorithm and key.state == KeyState.ACTIVE for key in held)
        made = DkimKey.objects.create(
            domain=owner,
            selector=selector or _free_selector(algorithm, taken),
            algorithm=algorithm,
            private_key=new.sealed,
            state=KeyState.WAITING if active else KeyState.ACTIVE,
            created_at=epoch(),
        )
        audit.record("domain.create-key", owner, selector=made.selector, algorithm=algorithm)
    return _describe(made)


def use_key(domain: str, selector: str) -> KeyEntry:
    """Sign with this key from now on; the one of its algorithm until now is retired."""
    with audit.change():
        key = _get_key(domain, selector)
        others = DkimKey.objects.filter(domain=key.domain, algorithm=key.algorithm)
        others.filter(state=KeyState.ACTIVE).update(state=KeyState.RETIRED)
        key.state = KeyState.ACTIVE
        key.save(update_fields=["state"])
        audit.record("domain.use-key", key.domain, selector=key.selector)
    return _describe(key)


def drop_key(domain: str, selector: str) -> None:
    """Forget a key, whatever its state."""
    with audit.change():
        key = _get_key(domain, selector)
        owner = key.domain
        key.delete()
        audit.record("domain.drop-key", owner, selector=key.selector)


def list_keys(domain: str) -> list[KeyEntry]:
    """Return the keys of a domain, those that it signs with first; raises `NotFound`."""
    held = DkimKey.objects.filter(domain=_owner(domain)).order_by("state", "-algorithm", "pk")
    return [_describe(key) for key in held]


def list_unreadable() -> list[tuple[str, str]]:
    """Return (domain, selector) of the keys that cannot be read, retired ones left out."""
    return [
        (held.domain.name, held.selector)
        for held in DkimKey.objects.select_related("domain").order_by("domain__name", "pk")
        if held.state != KeyState.RETIRED and _find_key(held) is None
    ]


def _owner(domain: str) -> Domain:
    found = get_domain(domain)
    return found.alias_of or found


def _get_key(domain: str, selector: str) -> DkimKey:
    key = DkimKey.objects.filter(domain=_owner(domain), selector=selector.lower()).first()
    if key is None:
        raise NotFound(
            "{domain} has no key {selector}: `domain dkim {domain}` lists them.",
            domain=domain,
            selector=selector,
        )
    return key


def _free_selector(algorithm: str, taken: Iterable[str]) -> str:
    stem = f"{'ed' if algorithm == keys.ED25519 else 'gw'}{now():%Y%m%d}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, MAX_KEYS + 2))]
    return next(name for name in names if name not in taken)


def _describe(key: DkimKey) -> KeyEntry:
    private = _find_key(key)
    record = keys.render_record(private) if private is not None else "unreadable: drop this key"
    return KeyEntry(key.selector, key.algorithm, KeyState(key.state).value, record)
