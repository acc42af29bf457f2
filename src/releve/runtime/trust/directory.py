"""Ties to a directory: domain join, name service, rights that come from it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from releve.runtime.trust.machine import Machine
from releve.runtime.trust.tie import State, Tie

_JOIN = (
    ("etc/sssd/sssd.conf", "SSSD"),
    ("etc/krb5.keytab", "compte de machine Kerberos"),
    ("var/lib/samba/private/secrets.tdb", "compte de machine Samba"),
    ("etc/nslcd.conf", "annuaire LDAP (nslcd)"),
    ("etc/libnss-ldap.conf", "annuaire LDAP (libnss-ldap)"),
    ("etc/pbis", "PBIS"),
    ("etc/centrifydc", "Centrify"),
    ("etc/opt/quest/vas", "Quest Safeguard"),
    ("etc/ipa/default.conf", "FreeIPA"),
)
_SOURCES = frozenset(("sss", "winbind", "ldap", "nis", "nisplus", "vas", "vas4", "lsass", "hesiod"))
_MODULES = re.compile(r"pam_(sss|winbind|krb5|ldap|lsass|vas\w*|centrifydc)\.so")
_JOIN_WHY = "un administrateur du domaine entre ici : il a la machine, ses secrets et ses données"
_JOIN_TODO = (
    "sortez-la du domaine (realm leave), ôtez le paquet et le keytab ; comptes locaux seuls"
)


def domains(machine: Machine) -> set[str]:
    """Names of the domains that this machine's settings speak of, in lower case."""
    found: set[str] = set()
    for path in ("etc/sssd/sssd.conf", *machine.found("etc/sssd/conf.d/*.conf")):
        for line in machine.lines(path, "#;"):
            name, _, value = line.partition("=")
            if name.strip() in ("domains", "ad_domain", "krb5_realm", "ipa_domain"):
                found |= {each.strip().lower() for each in value.split(",")}
    for line in machine.lines("etc/krb5.conf", "#;"):
        name, _, value = line.partition("=")
        if name.strip() == "default_realm":
            found.add(value.strip().lower())
    for line in machine.lines("etc/samba/smb.conf", "#;"):
        name, _, value = line.partition("=")
        if name.strip().lower() == "realm":
            found.add(value.strip().lower())
    return {name for name in found if "." in name}


def controllers(machine: Machine) -> set[str]:
    """Names and addresses of directory servers that these settings name, in lower case."""
    found: set[str] = set()
    names = ("ad_server", "krb5_server", "ldap_uri", "ipa_server", "kdc", "admin_server")
    paths = ("etc/sssd/sssd.conf", *machine.found("etc/sssd/conf.d/*.conf"), "etc/krb5.conf")
    for path in (*paths, "etc/nslcd.conf"):
        for line in machine.lines(path, "#;"):
            name, equals, value = line.partition("=")
            if not equals:
                name, _, value = line.partition(" ")
            if name.strip().lower() in (*names, "uri"):
                found |= {_host(each) for each in re.split(r"[,\s]+", value) if each}
    return found - {"", "_srv_"}


def look(machine: Machine) -> Iterator[Tie]:
    """Join, name service, authentication, sudo."""
    yield from _joined(machine)
    yield from _names(machine)
    yield from _logins(machine)
    yield from _sudo(machine)


def _joined(machine: Machine) -> Iterator[Tie]:
    seen = [f"{words} ({path})" for path, words in _JOIN if machine.exists(path)]
    smb = [line.replace(" ", "").lower() for line in machine.lines("etc/samba/smb.conf", "#;")]
    if any(line in ("security=ads", "security=domain") for line in smb):
        seen.append("Samba membre d'un domaine (etc/samba/smb.conf)")
    named = ", ".join(sorted(domains(machine)))
    if seen or named:
        words = "; ".join(seen) or "réglages Kerberos ou Samba"
        said = f"{words} ; domaine : {named or 'non nommé'}"
        yield Tie("jonction à un domaine", State.TIED, said, _JOIN_WHY, _JOIN_TODO)
    else:
        yield Tie("jonction à un domaine", State.FREE, "ni SSSD, ni Winbind, ni keytab, ni LDAP")


def _names(machine: Machine) -> Iterator[Tie]:
    if not machine.exists("etc/nsswitch.conf"):
        yield Tie("noms d'utilisateurs", State.UNSEEN, "etc/nsswitch.conf absent")
        return
    tied = []
    for line in machine.lines("etc/nsswitch.conf"):
        base, _, sources = line.partition(":")
        outside = sorted(_SOURCES & set(sources.split()))
        if base.strip() in ("passwd", "group", "shadow", "sudoers") and outside:
            tied.append(f"{base.strip()} : {' '.join(outside)}")
    if tied:
        yield Tie(
            "noms d'utilisateurs",
            State.TIED,
            "etc/nsswitch.conf : " + " ; ".join(tied),
            "l'annuaire peut ajouter un utilisateur, un groupe ou un droit sudo sur cette machine",
            "ne laissez que « files » (et systemd) dans etc/nsswitch.conf",
        )
    else:
        yield Tie("noms d'utilisateurs", State.FREE, "fichiers locaux seuls")


def _logins(machine: Machine) -> Iterator[Tie]:
    paths = machine.found("etc/pam.d/*")
    tied = sorted(
        {
            f"{match.group(0)} ({path})"
            for path in paths
            for line in machine.lines(path)
            if (match := _MODULES.search(line))
        }
    )
    if tied:
        yield Tie(
            "mots de passe",
            State.TIED,
            "; ".join(tied),
            "un mot de passe du domaine ouvre une session ici",
            "pam-auth-update : ôtez ces modules",
        )
    elif paths:
        yield Tie("mots de passe", State.FREE, "PAM : fichiers locaux seuls")
    else:
        yield Tie("mots de passe", State.UNSEEN, "etc/pam.d absent")


def _sudo(machine: Machine) -> Iterator[Tie]:
    local = {line.split(":", 1)[0] for line in machine.lines("etc/group")}
    tied = []
    paths = [path for path in ("etc/sudoers", "etc/doas.conf") if machine.exists(path)]
    for path in (*paths, *machine.found("etc/sudoers.d/*")):
        for line in machine.lines(path):
            who = _beneficiary(path, line)
            if who is not None and _from_a_directory(who, local):
                tied.append(f"%{who} ({path})")
    if tied:
        yield Tie(
            "droits d'administration",
            State.TIED,
            "groupes qui ne sont pas d'ici : " + "; ".join(tied),
            "qui tient l'annuaire met qui il veut dans ces groupes, donc root ici",
            "ôtez ces lignes (visudo) ; des comptes locaux nommés seuls",
        )
        return
    closed = sorted(path for path in machine.unread if "sudoers" in path or "doas" in path)
    if closed:
        yield Tie("droits d'administration", State.UNSEEN, f"non lus : {', '.join(closed)}")
    else:
        seen = "sudo, doas : groupes locaux seuls" if paths else "ni sudo ni doas"
        yield Tie("droits d'administration", State.FREE, seen)


def _beneficiary(path: str, line: str) -> str | None:
    """The group that a line gives rights to."""
    if path == "etc/doas.conf":
        match = re.search(r"(?:^|\s):(\S+)", line) if line.startswith("permit") else None
        return match.group(1) if match else None
    match = re.match(r'"?%:?((?:\\.|[^\s"=])+)', line)
    return re.sub(r"\\(.)", r"\1", match.group(1)) if match else None


def _from_a_directory(group: str, local: set[str]) -> bool:
    return "@" in group or "\\" in group or (group not in local and not group.startswith("#"))


def _host(text: str) -> str:
    """``ldaps://dc1.example.test:636`` → ``dc1.example.test``."""
    bare = text.strip().lower().rpartition("://")[2].partition("/")[0]
    return bare if bare.count(":") > 1 else bare.partition(":")[0]
