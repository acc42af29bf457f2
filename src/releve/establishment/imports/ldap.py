"""Active Directory read over LDAP: read-only, paged, only the attributes that are named here."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from releve.establishment.faults import shown
from releve.establishment.imports.book import Book, Sheet
from releve.establishment.imports.errors import DirectoryRefused
from releve.kernel.world import World

#: What is asked of each entry, and nothing else: no attribute that may hold a secret.
ATTRIBUTES = (
    *("objectClass", "cn", "name", "sAMAccountName", "userAccountControl", "dNSHostName"),
    *("operatingSystem", "operatingSystemVersion", "description", "location"),
    *("sn", "givenName", "displayName", "mail", "mobile", "telephoneNumber", "ipPhone"),
    *("title", "department", "employeeID"),
)
_FILTER = "(|(objectClass=computer)(&(objectClass=user)(objectClass=person)))"
_PAGE, _MOST = 500, 100_000
_SECONDS = 15
_MOST_TEXT = 2_000


def read_ldap(
    address: str, base: str, user: str, password: str, world: World
) -> tuple[Book, str, str]:
    """(tables, name, SHA-256 of what was read). Beyond loopback the password and the answers travel
    under TLS, whose certificate is checked; a drill home asks nobody but loopback.

    Raises :class:`DirectoryRefused`.
    """
    import ldap3
    from ldap3.core.exceptions import LDAPException

    parts = urlsplit(address if "://" in address else f"ldaps://{address}")
    host = parts.hostname or ""
    if parts.scheme not in ("ldap", "ldaps") or not host or not base or not user:
        why = "il faut ldaps://SERVEUR, --base et --user"
        raise DirectoryRefused(address=shown(address), why=why)
    near = _is_loopback(host)
    if world is World.DRILL and not near:
        raise DirectoryRefused(address=shown(address), why="un dossier d'exercice n'en lit aucun")
    try:
        port = parts.port or (636 if parts.scheme == "ldaps" else 389)
        socket.create_connection((host, port), _SECONDS).close()
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT)
        server = ldap3.Server(
            host, port,
            use_ssl=parts.scheme == "ldaps", tls=tls, get_info=ldap3.NONE, connect_timeout=_SECONDS,
        )  # fmt: skip
        connection = ldap3.Connection(
            server, user, password, read_only=True, receive_timeout=_SECONDS, raise_exceptions=True,
            auto_referrals=False,
        )  # fmt: skip
        connection.open()
        if parts.scheme == "ldap" and not near:
            connection.start_tls()
        connection.bind()
        try:
            book, digest = read_entries(connection, base)
        finally:
            connection.unbind()
        return book, f"annuaire {host}", digest
    except (LDAPException, OSError, ssl.SSLError) as error:
        why = shown(str(error) or type(error).__name__)
        raise DirectoryRefused(address=shown(address), why=why) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_entries(connection: Any, base: str) -> tuple[Book, str]:  # noqa: ANN401
    """The computers and people under ``base``, page by page, as one table; and its SHA-256."""
    found = connection.extend.standard.paged_search(
        base, _FILTER, attributes=list(ATTRIBUTES), paged_size=_PAGE, generator=True
    )
    rows: list[tuple[str, ...]] = [("dn", *ATTRIBUTES)]
    for entry in found:
        if entry.get("type") != "searchResEntry":
            continue
        if len(rows) > _MOST:
            raise DirectoryRefused(
                address=shown(base), why=f"plus de {_MOST} entrées sous cette base"
            )
        held = {str(name).lower(): value for name, value in entry["attributes"].items()}
        rows.append((str(entry["dn"]), *(_text(held.get(name.lower())) for name in ATTRIBUTES)))
    sheet = Sheet("", tuple(enumerate(rows)), tuple(range(1, len(rows[0]) + 1)))
    digest = sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
    return Book("ldap", (sheet,), {}), digest


def _text(value: Any) -> str:  # noqa: ANN401
    """A value as one text; octets that are no text are left out."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode()[:_MOST_TEXT]
        except UnicodeDecodeError:
            return ""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)[:_MOST_TEXT]
    return "\n".join(filter(None, map(_text, value)))[:_MOST_TEXT]
