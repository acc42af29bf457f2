"""Ways in that somebody else may hold: SSH keys, management agents, hypervisor, BMC."""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from releve.runtime.trust.machine import Machine
from releve.runtime.trust.tie import State, Tie

_KEY = re.compile(r"(?:^|\s)((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+)\s+(\S+)\s*(.*)$")
_VIRTUAL = (
    "VMware", "QEMU", "KVM", "Xen", "VirtualBox", "innotek", "Microsoft Corporation Virtual",
    "Nutanix", "Bochs", "OpenStack", "Amazon EC2", "Google Compute", "Scaleway", "OVH", "oVirt",
)  # fmt: skip


@cache
def known_agents() -> Mapping[str, Any]:
    """``agents.toml``: dated, from memory."""
    return tomllib.loads(Path(__file__).with_name("agents.toml").read_text("utf-8"))


def look(machine: Machine) -> Iterator[Tie]:
    """Keys, then agents, then what stands below the system."""
    yield from _keys(machine)
    yield from _key_services(machine)
    yield from _agents(machine)
    yield from _hypervisor(machine)
    yield from _management_card(machine)


# --- SSH ----------------------------------------------------------------------------------------


def _sshd(machine: Machine) -> list[tuple[str, str]]:
    """(keyword in lower case, value) of sshd's settings, drop-ins included."""
    found = []
    for path in ("etc/ssh/sshd_config", *machine.found("etc/ssh/sshd_config.d/*.conf")):
        for line in machine.lines(path):
            name, _, value = re.sub(r"\s+|\s*=\s*", " ", line, count=1).partition(" ")
            found.append((name.lower(), value.strip()))
    return found


def _keys(machine: Machine) -> Iterator[Tie]:
    any_key = False
    for user, home in _homes(machine):
        for path in _key_files(machine, user, home):
            for line in machine.lines(path):
                match = _KEY.search(line)
                if match:
                    any_key = True
                    kind, key, comment = match.groups()
                    yield Tie(
                        "clé SSH",
                        State.TIED,
                        f"{user} : {kind} « {comment or 'sans commentaire'} »"
                        f" {_fingerprint(key)} ({path})",
                        "qui a la clé privée (un poste d'administration, un rebond) entre",
                        "ôtez-la, ou gardez-en la clé privée hors du domaine (carte, poste isolé)",
                    )
    if not any_key:
        closed = sorted(path for path in machine.unread if ".ssh" in path or path == "root")
        state = State.UNSEEN if closed else State.FREE
        seen = f"non lus : {', '.join(closed)}" if closed else "aucune clé autorisée"
        yield Tie("clé SSH", state, seen, todo="relancez en root" if closed else "")


def _homes(machine: Machine) -> list[tuple[str, str]]:
    homes = []
    for line in machine.lines("etc/passwd"):
        fields = line.split(":")
        if len(fields) == 7:
            homes.append((fields[0], fields[5].strip("/")))
    return homes


def _key_files(machine: Machine, user: str, home: str) -> list[str]:
    given = [value.split() for name, value in _sshd(machine) if name == "authorizedkeysfile"]
    names = given[-1] if given else [".ssh/authorized_keys", ".ssh/authorized_keys2"]
    found = []
    for name in names:
        path = name.replace("%u", user).replace("%h", f"/{home}").replace("%%", "%")
        whole = path.strip("/") if path.startswith("/") else f"{home}/{path}"
        if machine.exists(whole):
            found.append(whole)
    return found


def _key_services(machine: Machine) -> Iterator[Tie]:
    words = {
        "authorizedkeyscommand": "les clés viennent d'un programme",
        "authorizedprincipalscommand": "les certificats acceptés viennent d'un programme",
        "authorizedprincipalsfile": "des certificats sont acceptés",
        "trustedusercakeys": "une autorité signe des accès",
        "gssapiauthentication": "un ticket Kerberos ouvre la porte",
        "kerberosauthentication": "un ticket Kerberos ouvre la porte",
    }
    for name, value in _sshd(machine):
        if name in words and value.lower() not in ("none", "no", ""):
            yield Tie(
                "accès SSH",
                State.TIED,
                f"{words[name]} : {name} {value}",
                "qui tient ce service (souvent l'annuaire) entre sans clé déposée ici",
                f"ôtez {name} de sshd_config",
            )


def _fingerprint(key: str) -> str:
    try:
        digest = sha256(base64.b64decode(key, validate=True)).digest()
    except (binascii.Error, ValueError):
        return "(clé illisible)"
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


# --- agents -------------------------------------------------------------------------------------


def _agents(machine: Machine) -> Iterator[Tie]:
    installed = _packages(machine)
    tabs = [
        "etc/crontab",
        *machine.found("etc/cron.*/*"),
        *machine.found("var/spool/cron/crontabs/*"),
    ]
    crons = {path: "\n".join(machine.lines(path)) for path in tabs}
    any_agent = False
    for agent in known_agents()["agent"]:
        seen = [f"paquet {name}" for name in agent["packages"] if name in installed]
        seen += [f"/{path}" for path in agent["paths"] if machine.exists(path)]
        seen += [
            f"« {word} » dans /{path}"
            for word in agent.get("cron", ())
            for path, text in crons.items()
            if word in text
        ]
        if seen:
            any_agent = True
            remark = agent.get("remark", "")
            yield Tie(
                f"agent ({agent['kind']})",
                State.TIED,
                f"{agent['name']} : {', '.join(seen)}",
                remark or "qui tient son serveur exécute ce qu'il veut ici, en root",
                "ôtez-le de cette machine, ou pilotez-le d'un serveur hors du domaine",
            )
    if not any_agent:
        dated = known_agents()["updated"]
        yield Tie("agents", State.FREE, f"aucun des agents connus (liste du {dated})")


def _packages(machine: Machine) -> set[str]:
    names, installed = "", set()
    for line in (machine.text("var/lib/dpkg/status") or "").splitlines():
        if line.startswith("Package: "):
            names = line[9:].strip()
        elif line.startswith("Status: ") and line.endswith(" installed"):
            installed.add(names)
    return installed


# --- below the system ---------------------------------------------------------------------------


def _hypervisor(machine: Machine) -> Iterator[Tie]:
    dmi = " ".join(
        (machine.text(f"sys/class/dmi/id/{name}") or "").strip()
        for name in ("sys_vendor", "product_name", "board_vendor")
    ).strip()
    flags = machine.text("proc/cpuinfo") or ""
    virtual = [word for word in _VIRTUAL if word.lower() in dmi.lower()]
    if (
        virtual
        or re.search(r"^flags\s*:.*\bhypervisor\b", flags, re.M)
        or machine.exists("proc/xen")
    ):
        yield Tie(
            "hyperviseur",
            State.TIED,
            f"cette machine est virtuelle{f' ({dmi})' if dmi else ''}",
            "qui tient l'hyperviseur la tient : il lit son disque et sa mémoire, l'éteint, la"
            " ramène en arrière",
            "une machine physique ; à défaut, un hyperviseur hors du domaine, à ses comptes",
        )
    elif dmi or flags:
        yield Tie("hyperviseur", State.FREE, f"machine physique{f' ({dmi})' if dmi else ''}")
    else:
        yield Tie("hyperviseur", State.UNSEEN, "ni DMI ni cpuinfo")


def _management_card(machine: Machine) -> Iterator[Tie]:
    names = ("dev/ipmi0", "dev/ipmi/0", "dev/ipmidev/0", "sys/firmware/dmi/entries/38-0")
    seen = [f"/{path}" for path in names if machine.exists(path)]
    if seen:
        yield Tie(
            "carte d'administration (BMC)",
            State.TIED,
            ", ".join(seen),
            "elle voit l'écran, monte un disque, redémarre la machine, par le réseau",
            "débranchez son câble, ou mettez-la sur un réseau à part ; changez son mot de passe",
        )
    elif machine.exists("sys/class/dmi/id") or machine.exists("dev/null"):
        yield Tie("carte d'administration (BMC)", State.FREE, "aucun périphérique IPMI")
    else:
        yield Tie("carte d'administration (BMC)", State.UNSEEN, "ni /dev ni /sys sous cette racine")
