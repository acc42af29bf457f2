"""What this machine believes of the network: names, time, authorities, files, packages, logs."""

from __future__ import annotations

import ipaddress
import re
import warnings
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from releve.runtime.trust.directory import controllers, domains
from releve.runtime.trust.doors import known_agents
from releve.runtime.trust.machine import Machine
from releve.runtime.trust.tie import State, Tie

_REMOTE = re.compile(
    r"^(nfs4?|cifs|smb3?|smbfs|fuse\.sshfs|glusterfs|ceph|fuse\.glusterfs|9p|afs)$"
)
_TIME = ("server", "pool", "peer", "ntp", "fallbackntp")
_PROXY = re.compile(
    r"\b((?:https?|ftp|all)_proxy|Acquire::https?::Proxy)\b[\s=\"']*([^\s\"';]+)", re.I
)
_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)


def look(machine: Machine, now: datetime) -> Iterator[Tie]:
    """Names, time, authorities, proxy, mounts, packages, logs."""
    yield from _resolvers(machine)
    yield from _clocks(machine)
    yield from _authorities(machine, now)
    yield from _proxies(machine)
    yield from _mounts(machine)
    yield from _packages(machine)
    yield from _logs(machine)


def _inside(name: str, machine: Machine) -> str:
    """Why a server is the domain's or the hospital's own; empty when it is neither."""
    name = name.lower().rstrip(".")
    if name in controllers(machine):
        return "contrôleur de domaine"
    if any(name == domain or name.endswith(f".{domain}") for domain in domains(machine)):
        return "dans le domaine"
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        local = name.rpartition(".")[2] in ("local", "lan", "intra", "internal", "corp", "home")
        return "nom interne" if local or "." not in name else ""
    if address.is_loopback:
        return ""
    return "adresse interne" if address.is_private or address.is_link_local else ""


def _servers(machine: Machine, paths: Iterable[str], words: Iterable[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        for line in machine.lines(path, "#;!"):
            name, *values = re.split(r"[\s=]+", line)
            if name.lower() in words:
                found += values if "ntp" in name.lower() or name == "DNS" else values[:1]
    return [each for each in dict.fromkeys(found) if each and not each.startswith(("-", "#"))]


def _resolvers(machine: Machine) -> Iterator[Tie]:
    resolved = ["etc/systemd/resolved.conf", *machine.found("etc/systemd/resolved.conf.d/*.conf")]
    servers = _servers(
        machine, ["etc/resolv.conf", "run/systemd/resolve/resolv.conf"], ["nameserver"]
    )
    servers += _servers(machine, resolved, ["dns", "fallbackdns"])
    suffixes = [
        name
        for path in ("etc/resolv.conf", "run/systemd/resolve/resolv.conf")
        for line in machine.lines(path, "#;")
        if line.split()[0] in ("search", "domain")
        for name in line.split()[1:]
    ]
    tied = [f"{each} ({why})" for each in dict.fromkeys(servers) if (why := _inside(each, machine))]
    tied += [
        f"suffixe {name} (dans le domaine)"
        for name in dict.fromkeys(suffixes)
        if _inside(name, machine) == "dans le domaine"
    ]
    if tied:
        yield Tie(
            "serveurs de noms (DNS)",
            State.TIED,
            "; ".join(tied),
            "souvent un contrôleur de domaine : qui le tient dit à cette machine où est chaque nom,"
            " et elle n'en a plus quand il tombe",
            "un résolveur à elle (unbound) ; Relève n'a besoin d'aucun nom pour servir",
        )
    elif servers:
        yield Tie("serveurs de noms (DNS)", State.FREE, ", ".join(dict.fromkeys(servers)))
    else:
        yield Tie("serveurs de noms (DNS)", State.UNSEEN, "aucun serveur déclaré")


def _clocks(machine: Machine) -> Iterator[Tie]:
    paths = [
        path
        for pattern in (
            "etc/chrony/chrony.conf",
            "etc/chrony/conf.d/*.conf",
            "etc/chrony/sources.d/*.sources",
            "etc/systemd/timesyncd.conf",
            "etc/systemd/timesyncd.conf.d/*.conf",
            "etc/ntp.conf",
            "etc/ntpsec/ntp.conf",
            "etc/openntpd/ntpd.conf",
        )
        for path in machine.found(pattern)
    ]
    servers = _servers(machine, paths, _TIME)
    tied = [f"{each} ({why})" for each in servers if (why := _inside(each, machine))]
    if tied:
        yield Tie(
            "source de l'heure",
            State.TIED,
            "; ".join(tied),
            "qui tient cette source déplace l'heure : dates de réception, délais, codes TOTP",
            "une horloge à elle (récepteur GNSS) ou plusieurs sources hors du domaine, et comparez",
        )
    elif servers:
        yield Tie("source de l'heure", State.FREE, ", ".join(servers))
    elif paths:
        yield Tie("source de l'heure", State.FREE, "celle de la distribution")
    else:
        yield Tie("source de l'heure", State.UNSEEN, "aucun programme d'horloge réglé ici")


def _authorities(machine: Machine, now: datetime) -> Iterator[Tie]:
    shipped = {
        digest
        for path in machine.found("usr/share/ca-certificates/*/*.crt")
        for digest, _ in _certificates(machine.bytes(path))
    }
    bundle = machine.bytes("etc/ssl/certs/ca-certificates.crt")
    extra = dict(_certificates(bundle)) if shipped else {}
    for path in machine.found("usr/local/share/ca-certificates/*.crt"):
        extra |= dict(_certificates(machine.bytes(path)))
    found = [certificate for digest, certificate in extra.items() if digest not in shipped]
    for certificate in found:
        yield Tie(
            "autorité de certification ajoutée",
            State.TIED,
            f"« {_named(certificate)} », jusqu'au {certificate.not_valid_after_utc:%d/%m/%Y}"
            + (" (périmée)" if certificate.not_valid_after_utc < now else ""),
            "qui tient cette autorité se fait passer ici pour n'importe quel site",
            "ôtez-la si rien ici n'en dépend (dpkg-reconfigure ca-certificates)",
        )
    if not found:
        state = State.FREE if shipped or bundle is None else State.UNSEEN
        seen = "aucune en plus de celles de Debian" if shipped else "liste de Debian non lue"
        yield Tie("autorités de certification", state, seen if bundle else "aucune liste")


def _certificates(data: bytes | None) -> Iterator[tuple[bytes, x509.Certificate]]:
    for pem in _CERTIFICATE.findall(data or b""):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # old authorities are not to the letter of the rule
                certificate = x509.load_pem_x509_certificate(pem)
        except ValueError:
            continue
        yield sha256(certificate.public_bytes(Encoding.DER)).digest(), certificate


def _named(certificate: x509.Certificate) -> str:
    try:
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else certificate.subject.rfc4514_string()
    except ValueError:
        return "nom illisible"


def _proxies(machine: Machine) -> Iterator[Tie]:
    paths = ["etc/environment", "etc/wgetrc", "etc/pip.conf", "etc/systemd/system.conf"]
    paths += ["etc/apt/apt.conf", *machine.found("etc/apt/apt.conf.d/*")]
    paths += [
        *machine.found("etc/profile.d/*.sh"),
        *machine.found("etc/systemd/system.conf.d/*.conf"),
    ]
    tied = []
    for path in paths:
        for line in machine.lines(path, "#"):
            match = None if line.startswith("//") else _PROXY.search(line)
            if match and match.group(2).upper() not in ("DIRECT", "FALSE"):
                tied.append(f"{_without_password(match.group(2))} ({path})")
    if tied:
        yield Tie(
            "mandataire (proxy)",
            State.TIED,
            "; ".join(dict.fromkeys(tied)),
            "il voit et peut changer ce que cette machine va chercher",
            "ôtez-le : installée, Relève ne va rien chercher",
        )
    else:
        yield Tie("mandataire (proxy)", State.FREE, "aucun")


def _without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//…@", url)


def _mounts(machine: Machine) -> Iterator[Tie]:
    tied = []
    read = False
    for path in ("etc/fstab", "proc/self/mounts", "proc/mounts"):
        read = read or machine.exists(path)
        for line in machine.lines(path):
            fields = line.split()
            if len(fields) > 2 and _REMOTE.match(fields[2]):
                tied.append(f"{fields[0]} sur {fields[1]} ({fields[2]})")
    for path in machine.found("etc/auto.*"):
        tied += [f"montage automatique ({path})" for x in machine.lines(path) if ":/" in x]
    tied += [f"disque iSCSI ({path})" for path in machine.found("etc/iscsi/nodes/*")]
    if tied:
        yield Tie(
            "dossiers montés du réseau",
            State.TIED,
            "; ".join(dict.fromkeys(tied)),
            "ce qui s'y trouve est à qui tient le serveur, et bloque cette machine quand il tombe",
            "un disque local ; apportez et emportez par un support",
        )
    else:
        state = State.FREE if read else State.UNSEEN
        yield Tie("dossiers montés du réseau", state, "aucun" if read else "fstab non lu")


def _packages(machine: Machine) -> Iterator[Tie]:
    own = tuple(known_agents()["debian_hosts"])
    others: dict[str, str] = {}
    paths = ["etc/apt/sources.list"]
    for ending in ("list", "sources"):
        paths += machine.found(f"etc/apt/sources.list.d/*.{ending}")
    for path in paths:
        for line in machine.lines(path):
            for uri in re.findall(r"\b(?:https?|ftp|cdrom|file|copy):\S+", line):
                host = (
                    uri.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
                )
                if host and not any(host == each or host.endswith(f".{each}") for each in own):
                    trusted = " (sans signature : trusted=yes)" if "trusted=yes" in line else ""
                    others[f"{host}{trusted}"] = path
    if others:
        yield Tie(
            "sources de paquets",
            State.TIED,
            "; ".join(f"{host} ({path})" for host, path in others.items()),
            "ce qu'elle publie s'installe ici en root ; un miroir suivi automatiquement suffit",
            "installez par un support vérifié, ou gardez la clé de Debian seule (signed-by)",
        )
    elif any(machine.exists(path) for path in paths):
        yield Tie("sources de paquets", State.FREE, "celles de Debian, signées")
    else:
        yield Tie("sources de paquets", State.UNSEEN, "aucune source déclarée")


def _logs(machine: Machine) -> Iterator[Tie]:
    tied = []
    paths = ["etc/rsyslog.conf", *machine.found("etc/rsyslog.d/*.conf")]
    for path in paths:
        for line in machine.lines(path):
            match = re.search(
                r"(?:^|\s)@@?(?:\([^)]*\))?([\w.:\[\]-]+)|omfwd.*target=\"([^\"]+)", line
            )
            if match:
                tied.append(f"{match.group(1) or match.group(2)} ({path})")
    for path in ("etc/systemd/journal-upload.conf", *machine.found("etc/syslog-ng/conf.d/*")):
        for line in machine.lines(path):
            match = re.search(r"^URL\s*=\s*(\S+)|(?:network|syslog|tcp|udp)\(\s*\"([^\"]+)", line)
            if match:
                tied.append(f"{match.group(1) or match.group(2)} ({path})")
    if tied:
        yield Tie(
            "journaux envoyés ailleurs",
            State.TIED,
            "; ".join(tied),
            "utile, mais qui tient le collecteur lit ce que cette machine dit d'elle",
            "gardez-le si le collecteur est hors du domaine ; aucun nom de patient n'y est écrit",
        )
    else:
        yield Tie("journaux envoyés ailleurs", State.FREE, "aucun")
