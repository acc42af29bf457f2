"""Relève's own authority and the certificate its pages present outside loopback.

When everything is down there is no directory, no DNS and no hospital PKI: the home makes its own
authority (ten years) and, at each start, a certificate for the addresses it is served at (one year
at most). The authority is bounded by name constraints to private addresses and to one name, so
that a telephone which trusts it trusts it for Relève only. A hospital's own certificate may be
given instead. Private keys are 0600; the authority's lies apart (``secrets/authority``): the web
part never reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from releve.kernel.durable import make_folder, write_durably
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.units import day
from releve.runtime.addresses import PRIVATE, Address, parse_all
from releve.runtime.settings import read_settings

#: The one name that the authority may vouch for: a crisis router can give it, no public DNS does.
NAME = "releve.internal"
_AUTHORITY_LIFE, _LEAF_LIFE = timedelta(days=3652), timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)
#: Clocks drift when the time server is down: valid since the day before.
_SLACK = timedelta(days=1)
_MOST = 256 * 1024

Key = ec.EllipticCurvePrivateKey


class BadCertificate(ReleveError):
    """Ce certificat ne peut pas servir : {why}."""

    next_step = (
        "Donnez le certificat (et sa chaîne) au format PEM avec --certificate, sa clé sans mot de"
        " passe avec --key ; sans eux, Relève emploie sa propre autorité."
    )


@dataclass(frozen=True)
class Presented:
    """What the pages present: ``path`` holds certificate and key (PEM).

    Fingerprints are SHA-256, « AB:CD:… ». ``authority`` is empty for a hospital's own certificate.
    """

    path: Path
    fingerprint: str
    authority: str
    until: datetime


@dataclass(frozen=True)
class Reached:
    """How the pages are reached outside this machine, for a page and for the binder.

    ``urls`` in the order they were given, empty when it is not; ``fingerprint`` and ``until`` are
    those of what is presented, ``authority`` that of ours (empty: a hospital's own certificate).
    """

    urls: tuple[str, ...]
    fingerprint: str = ""
    authority: str = ""
    until: datetime | None = None


def reached(home: Home, now: datetime) -> Reached:
    """What a home says of itself in its settings and its certificate. Makes nothing."""
    urls = tuple(each.url for each in parse_all(read_settings(home).addresses))
    held = presented(home, now) if urls else None
    if held is None:
        return Reached(urls)
    return Reached(urls, held.fingerprint, held.authority, held.until)


def prepare(home: Home, addresses: Sequence[Address], now: datetime) -> Presented:
    """The certificate for ``addresses``, made or renewed when it must be; durable on return.

    The hospital's own, when one was given and is still valid, else ours, which names private
    addresses only.
    """
    given = _given(home)
    if given.exists():
        held = _presented(given, "")
        if held is not None and held.until > now:
            return held
    key, authority = _authority(home, now)
    leaf, ours = _leaf_path(home), [each for each in addresses if each.private]
    if not _still_good(leaf, ours, authority, now):
        write_durably(leaf, _issue(ours, key, authority, now))
    public = authority.public_bytes(serialization.Encoding.PEM)
    if not (path := authority_path(home)).exists() or path.read_bytes() != public:
        write_durably(path, public, mode=0o644)
    held = _presented(leaf, fingerprint(authority))
    assert held is not None  # noqa: S101  (written a line above)
    return held


def presented(home: Home, now: datetime) -> Presented | None:
    """What :func:`prepare` last made; None before. Makes nothing."""
    given = _given(home)
    if given.exists():
        held = _presented(given, "")
        if held is not None and held.until > now:
            return held
    try:
        ours = x509.load_pem_x509_certificate(authority_path(home).read_bytes())
    except (OSError, ValueError):
        return None
    return _presented(_leaf_path(home), fingerprint(ours))


def keep_given(home: Home, certificate: bytes, key: bytes, now: datetime) -> None:
    """Keep a hospital's own certificate (its chain after it) and key. Raises
    :class:`BadCertificate` and then changes nothing.
    """
    if max(len(certificate), len(key)) > _MOST:
        raise BadCertificate(why="le fichier est trop gros")
    try:
        chain = x509.load_pem_x509_certificates(certificate)
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise BadCertificate(why="le certificat ou la clé ne se lit pas") from error
    if private.public_key() != chain[0].public_key():
        raise BadCertificate(why="la clé n'est pas celle de ce certificat")
    if not chain[0].not_valid_before_utc <= now < chain[0].not_valid_after_utc:
        raise BadCertificate(why=f"il vaut jusqu'au {day(chain[0].not_valid_after_utc)}")
    pem = private.private_bytes(*_PLAIN)
    make_folder(_given(home).parent)
    write_durably(
        _given(home), pem + b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain)
    )


def has_given(home: Home) -> bool:
    """True when a hospital's own certificate is kept, valid or not."""
    return _given(home).exists()


def forget_given(home: Home) -> None:
    """Come back to our own authority at the next start."""
    _given(home).unlink(missing_ok=True)


def authority_path(home: Home) -> Path:
    """Our authority's certificate, which anybody may read (PEM)."""
    return home.secrets("tls") / "authority.crt"


def fingerprint(certificate: x509.Certificate) -> str:
    """As browsers show it: SHA-256, « AB:CD:… »."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def unnamed(held: Presented, addresses: Sequence[Address]) -> list[Address]:
    """The addresses that a certificate does not name: a browser will warn there."""
    leaf = _certificate(held.path)
    named = _named(leaf) if leaf else frozenset()
    return [each for each in addresses if str(each.ip) not in named]


# --- making ------------------------------------------------------------------------------------

_PLAIN = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


def _authority(home: Home, now: datetime) -> tuple[Key, x509.Certificate]:
    """Our key and certificate, in one file so that neither is ever there without the other."""
    path = home.secrets("authority") / "authority.pem"
    with suppress(OSError, ValueError):  # damaged: made anew, and telephones accept it once more
        data = path.read_bytes()
        held = serialization.load_pem_private_key(data, None)
        certificate = x509.load_pem_x509_certificate(data)
        if isinstance(held, Key) and certificate.not_valid_after_utc - now > _LEAF_LIFE:
            return held, certificate
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, home, now)
    make_folder(path.parent)
    pem = key.private_bytes(*_PLAIN) + certificate.public_bytes(serialization.Encoding.PEM)
    write_durably(path, pem)
    return key, certificate


def _self_signed(key: Key, home: Home, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Relève {home.id[:8]}")])
    permitted: list[x509.GeneralName] = [x509.IPAddress(network) for network in PRIVATE]
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints([*permitted, x509.DNSName(NAME)], None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _issue(
    addresses: Sequence[Address], by: Key, authority: x509.Certificate, now: datetime
) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    ips = dict.fromkeys(each.ip for each in addresses)
    names: list[x509.GeneralName] = [x509.DNSName(NAME), *(x509.IPAddress(ip) for ip in ips)]
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now - _SLACK + _LEAF_LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(by, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    return key.private_bytes(*_PLAIN) + leaf.public_bytes(encoding)


def _still_good(
    path: Path, addresses: Sequence[Address], authority: x509.Certificate, now: datetime
) -> bool:
    leaf = _certificate(path)
    if leaf is None or leaf.not_valid_after_utc - now < _RENEW_BEFORE:
        return False
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return _named(leaf) == {NAME, *(str(each.ip) for each in addresses)}


# --- reading -----------------------------------------------------------------------------------


def _leaf_path(home: Home) -> Path:
    folder = home.secrets("tls")
    make_folder(folder)
    return folder / "pages.pem"


def _given(home: Home) -> Path:
    return home.secrets("tls") / "given.pem"


def _certificate(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _presented(path: Path, authority: str) -> Presented | None:
    leaf = _certificate(path)
    if leaf is None:
        return None
    return Presented(path, fingerprint(leaf), authority, leaf.not_valid_after_utc)


def _named(leaf: x509.Certificate) -> frozenset[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    ips = names.get_values_for_type(x509.IPAddress)
    return frozenset({*names.get_values_for_type(x509.DNSName), *(str(ip) for ip in ips)})
