"""What the installer asks of the program, as root: ``python -m releve.runtime.installed ACT``.

Acts: ``may-update`` (refuses a home of a newer program, an open crisis, parts at work), ``users``,
``home`` (birth, secrets, ports, access lists), ``units``, ``apply`` (access lists again, before
each start of a part), ``addresses`` (where the pages answer outside loopback; also during a
crisis), ``certificate`` (made again when it must be), ``next-steps``.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from releve.kernel.clock import SystemClock
from releve.kernel.durable import write_durably
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home, birth, read, writer_of
from releve.kernel.world import World
from releve.runtime import tls
from releve.runtime.accounts import CONSOLE, MARK, apply, table
from releve.runtime.addresses import Address, check, parse_all
from releve.runtime.settings import (
    listener_port,
    read_settings,
    receiver_port,
    remember_addresses,
    web_port,
)

_UNITS = Path("/etc/systemd/system")
_CACHE = Path("/var/cache/releve")
_RECORDS = "records.sqlite3"
_KINDS = ("service", "socket", "timer")
#: Given instead of an address: the pages answer on this machine only.
NOWHERE = "none"


class CrisisOpen(ReleveError):
    """Une crise est ouverte depuis {since} : aucune mise à jour ne commence pendant une crise."""

    next_step = "Levez la crise d'abord (releve incident close), puis relancez install.sh."
    exit_code = 1


class RecordsUnread(ReleveError):
    """La base {path} ne se lit pas ({why}) : une crise y est peut-être ouverte."""

    next_step = (
        "Vérifiez qu'aucune crise n'est ouverte (releve incident show), rendez la base lisible"
        " (releve doctor), puis relancez install.sh."
    )
    exit_code = 1


class PartsRunning(ReleveError):
    """Des pièces de {path} sont en marche : {parts}."""

    next_step = "Arrêtez-les (systemctl stop releve.target), puis relancez install.sh."


class DrillHome(ReleveError):
    """{path} est un dossier d'exercice : les comptes par pièce sont pour un dossier réel."""

    next_step = "Donnez un autre dossier (--home)."


@dataclass(frozen=True)
class Own:
    """The hospital's own certificate and its key: PEM files."""

    certificate: Path
    key: Path


def may_update(home: Path, prefix: Path) -> None:
    """Raises :class:`CrisisOpen`, :class:`RecordsUnread`, :class:`PartsRunning`,
    :class:`DrillHome`, ``HomeTooNew``, ``HomeUnreadable``. Reads only.
    """
    if not (home / "home.json").exists():
        return
    found = read(home)
    if found.world is not World.REAL:
        raise DrillHome(path=home)
    since = _crisis_since(home)
    if since:
        raise CrisisOpen(since=since)
    if not Path("/run/systemd/system").is_dir():  # else install.sh stops them itself
        names = ("serve", *(row.name for row in table().parts))
        running = [name for name in names if writer_of(found, name) is not None]
        if running:
            raise PartsRunning(path=home, parts=", ".join(running))


def _crisis_since(home: Path) -> str | None:
    """When the open crisis was opened, whatever version wrote the records; None when all is calm.

    The table and its two columns are read as they are: no schema is brought up to date here.
    Records that are there and cannot be read raise :class:`RecordsUnread`: nobody knows.
    """
    plain = home / _RECORDS
    if os.environ.get("RELEVE_DATABASE"):
        raise RecordsUnread(path=plain, why="RELEVE_DATABASE désigne une base PostgreSQL")
    for records in (plain, home / "records" / _RECORDS):  # one is a link to the other, once apart
        if not records.exists() and not records.is_symlink():
            continue
        try:
            with closing(sqlite3.connect(f"file:{quote(str(records))}?mode=ro", uri=True)) as base:
                since = _opened_at(base)
        except sqlite3.Error as error:
            raise RecordsUnread(path=records, why=str(error)) from error
        if since:
            return since
    return None


def _opened_at(base: sqlite3.Connection) -> str | None:
    named = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'incident_incident'"
    if base.execute(named).fetchone() is None:
        return None  # records made before the first crisis page, or not made yet
    row = base.execute(
        "SELECT opened_at FROM incident_incident WHERE state = 'open' LIMIT 1"
    ).fetchone()
    return str(row[0]) if row else None


def make_users(home: Path, prefix: Path) -> None:
    """The console's user and one per part; those that exist are left as they are."""
    for name in (CONSOLE, *(row.user for row in table().parts)):
        try:
            pwd.getpwnam(name)
        except KeyError:
            command = ["useradd", "--system", "--user-group", "--no-create-home"]
            command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name]
            subprocess.run(command, check=True)


def make_home(home: Path, prefix: Path) -> None:
    """A real home, born if need be, with what no part may make by itself; then its access lists."""
    from releve.care.kit.signature import KitKey
    from releve.runtime.records import make_secrets

    os.umask(0o077)
    opened = birth(home, World.REAL, SystemClock().now())
    opened.check_world(World.REAL)
    make_secrets(opened)
    KitKey(opened)
    for remembered in (web_port, receiver_port, listener_port):
        remembered(opened)
    _records_apart(home)
    apply(home)
    write_durably(home / MARK, json.dumps({"prefix": str(prefix)}).encode(), mode=0o644)
    _CACHE.mkdir(exist_ok=True)
    _CACHE.chmod(0o755)


def _records_apart(home: Path) -> None:
    """Several parts write the records, and SQLite makes files beside: they get their own folder."""
    folder, plain = home / "records", home / _RECORDS
    folder.mkdir(mode=0o700, exist_ok=True)
    if plain.is_symlink():
        return
    for path in sorted(home.glob(f"{_RECORDS}*")):
        path.rename(folder / path.name)
    (folder / _RECORDS).touch(mode=0o660)
    plain.symlink_to(f"records/{_RECORDS}")


def place_pages(home: Path, prefix: Path, addresses: Sequence[str], own: Own | None) -> None:
    """Remember where the pages answer outside loopback, instead of what was remembered (``none``:
    nowhere), and the hospital's own certificate. Raises ``BadAddress``, ``PublicAddress``,
    ``BadCertificate``, with nothing changed.
    """
    opened = read(home)
    found = parse_all([] if list(addresses) == [NOWHERE] else addresses)
    check(opened, found, given=own is not None or tls.has_given(opened))
    if own is not None:
        now = SystemClock().now()
        tls.keep_given(opened, own.certificate.read_bytes(), own.key.read_bytes(), now)
    remember_addresses(opened, [str(each) for each in found])
    certify(home, prefix)
    apply(home)


def certify(home: Path, prefix: Path) -> None:
    """The certificate of the pages, made or renewed when it must be."""
    opened = read(home)
    found = parse_all(read_settings(opened).addresses)
    if found:
        tls.prepare(opened, found, SystemClock().now())


def served(home: Home) -> tuple[Address, ...]:
    """The addresses that what is presented may vouch for; ours names private ones only."""
    held = tls.presented(home, SystemClock().now())
    found = parse_all(read_settings(home).addresses) if held is not None else ()
    return tuple(each for each in found if each.private or (held and not held.authority))


def write_units(home: Path, prefix: Path) -> None:
    """The units; those of an older version that are no longer wanted are taken away."""
    from releve.runtime.units import Setting, units

    opened = read(home)
    settings = read_settings(opened)
    ports = {
        "web_port": settings.web_port,
        "receiver_port": settings.receiver_port,
        "listener_port": settings.listener_port,
    }
    wanted = units(table(), Setting(prefix, home, ports, served(opened)))
    _UNITS.mkdir(parents=True, exist_ok=True)
    for old in [each for kind in _KINDS for each in _UNITS.glob(f"releve-*.{kind}")]:
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        write_durably(_UNITS / name, text.encode(), mode=0o644)


def again(home: Path, prefix: Path) -> None:
    """The access lists, as the table says now."""
    apply(home)


def tell_next(home: Path, prefix: Path) -> None:
    """What a person does now."""
    opened = read(home)
    here = f"http://127.0.0.1:{read_settings(opened).web_port}/"
    own = tls.reached(opened, SystemClock().now()).urls
    first = [f"{url}premier-acces/" for url in own] or [
        f"{here}premier-acces/   (de cette machine, ou par ssh -L)",
        f"     d'un autre poste : {prefix}/bin/releve-address --address IP, puis https",
    ]
    sys.stdout.write(
        f"Relève est installé ; données : {home}\n"
        "Ensuite :\n"
        "  1. releve account code            le code du premier administrateur\n"
        "  2. " + "\n".join(first) + "\n"
        "  3. releve doctor --trust          ce qui lie cette machine au domaine attaquable\n"
        "  4. chiffrez ce disque, copiez le dossier ailleurs, imprimez l'empreinte du registre\n"
    )
    tell_pages(home, prefix)


def tell_pages(home: Path, prefix: Path) -> None:
    """Where the pages answer outside this machine, and the fingerprints to compare."""
    found = tls.reached(read(home), SystemClock().now())
    for url in found.urls:
        sys.stdout.write(f"Pages : {url}\n")
    for name, print_of in (("certificat", found.fingerprint), ("autorité", found.authority)):
        if print_of:
            sys.stdout.write(f"Empreinte ({name}) : {print_of}\n")


ACTS: Mapping[str, Callable[[Path, Path], None]] = {
    "may-update": may_update,
    "users": make_users,
    "home": make_home,
    "units": write_units,
    "apply": again,
    "certificate": certify,
    "next-steps": tell_next,
}


def main(arguments: list[str]) -> int:
    """Exit status of one act."""
    parser = argparse.ArgumentParser(prog="releve.runtime.installed")
    parser.add_argument("act", choices=sorted([*ACTS, "addresses"]))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--prefix", type=Path, required=True)
    parser.add_argument("--address", action="append", default=[])
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    given = parser.parse_args(arguments)
    try:
        if given.act == "addresses":
            own = Own(given.certificate, given.key) if given.certificate and given.key else None
            place_pages(given.home, given.prefix, given.address, own)
            write_units(given.home, given.prefix)
            tell_pages(given.home, given.prefix)
        else:
            ACTS[given.act](given.home, given.prefix)
    except ReleveError as error:
        sys.stderr.write(f"REFUSÉ : {error}\n→ {error.remedy}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
