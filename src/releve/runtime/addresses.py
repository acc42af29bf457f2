"""The addresses at which the pages answer outside loopback, and how they are listened to."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.world import World

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
DEFAULT_PORT = 8443
_MOST = 8
#: Linux: listen at an address that this machine does not have yet (a 4G router not plugged in).
_FREEBIND = {4: (socket.SOL_IP, 15), 6: (socket.IPPROTO_IPV6, 78)}
#: Where our own authority may vouch for Relève. Source: RFC 1918, 6598, 3927, 4193, 1122.
PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
        "127.0.0.0/8", "fc00::/7", "::1/128",
    )
)  # fmt: skip


class BadAddress(ReleveError):
    """« {text} » n'est pas une adresse où servir les pages : {why}."""

    next_step = (
        "Écrivez l'adresse IP de cette machine, avec son port s'il n'est pas 8443 :"
        " --address 192.168.1.10 ou --address 192.168.1.10:8443."
    )


class PublicAddress(ReleveError):
    """L'adresse {ip} n'est pas une adresse privée : l'autorité de Relève ne s'en porte pas
    garante.
    """

    next_step = (
        "Donnez une adresse du réseau de crise, ou le certificat de l'hôpital pour celle-ci"
        " (--certificate et --key)."
    )


class DrillStaysHome(ReleveError):
    """Un dossier d'exercice ne répond que sur cette machine, pas à l'adresse {ip}."""

    next_step = "Ôtez --address, ou servez le vrai dossier de l'hôpital."


class AddressTaken(ReleveError):
    """L'adresse {address} est déjà prise sur cette machine."""

    next_step = "Arrêtez le programme qui l'occupe, ou donnez un autre port : --address IP:PORT."


@dataclass(frozen=True)
class Address:
    """One address and its port; always https."""

    ip: Ip
    port: int

    @property
    def private(self) -> bool:
        return any(self.ip in network for network in PRIVATE)

    @property
    def url(self) -> str:
        return f"https://{self}/"

    def __str__(self) -> str:
        host = f"[{self.ip}]" if self.ip.version == 6 else str(self.ip)
        return f"{host}:{self.port}"


def parse(text: str) -> Address:
    """« 192.168.1.10 », « 192.168.1.10:8443 », « [fd00::1]:8443 », « fd00::1 ».

    Raises :class:`BadAddress`: a name, a wildcard or a multicast address is none.
    """
    host, port = text.strip(), str(DEFAULT_PORT)
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    try:
        ip = ipaddress.ip_address(host)
    except ValueError as error:
        raise BadAddress(text=text[:60], why="il faut une adresse IP, pas un nom") from error
    if ip.is_unspecified or ip.is_multicast:
        raise BadAddress(text=text[:60], why="nommez l'adresse même que les postes appelleront")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadAddress(text=text[:60], why="le port va de 1 à 65535")
    return Address(ip, int(port))


def parse_all(texts: Sequence[str]) -> tuple[Address, ...]:
    """Each once, in order; at most eight."""
    found = tuple(dict.fromkeys(parse(text) for text in texts))
    if len(found) > _MOST:
        raise BadAddress(text=texts[_MOST], why=f"{_MOST} adresses au plus")
    return found


def check(home: Home, addresses: Sequence[Address], *, given: bool) -> None:
    """Raise :class:`DrillStaysHome`, or :class:`PublicAddress` unless a certificate was given."""
    for each in addresses:
        if home.world is World.DRILL and not each.ip.is_loopback:
            raise DrillStaysHome(ip=each.ip)
        if not each.private and not given:
            raise PublicAddress(ip=each.ip)


def listen(address: Address) -> tuple[socket.socket, bool]:
    """A listening socket, and whether the address is this machine's own now: one that is not yet
    (a router to be plugged in) is listened to all the same. Raises :class:`AddressTaken`.
    """
    family = socket.AF_INET if address.ip.version == 4 else socket.AF_INET6
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    here = True
    try:
        try:
            listener.bind((str(address.ip), address.port))
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            here = False
            listener.setsockopt(*_FREEBIND[address.ip.version], 1)
            listener.bind((str(address.ip), address.port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise AddressTaken(address=address) from error
    return listener, here
