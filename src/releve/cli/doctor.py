"""``doctor``: what is in place, what is missing, what to do about it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.kernel.errors import BadInput
from releve.kernel.home import Home, writer_of
from releve.kernel.home import take_over as take_home_over
from releve.kernel.world import World
from releve.runtime.accounts import MARK


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it is well, what was seen and the remedy."""

    id: str
    ok: bool
    seen: str
    remedy: str = ""


#: Programs the product starts: what for, and the Debian package that brings each.
PROGRAMS = {
    "restic": ("sauvegarde des postes et restauration", "restic"),
    "chromium": ("essais des pages dans un vrai navigateur", "chromium"),
    "strace": ("banc de pannes", "strace"),
    "mkfs.ext4": ("coupures de courant du banc de pannes", "e2fsprogs"),
}


def doctor(
    home: HomeOption = None,
    ports: Annotated[bool, typer.Option("--ports", help="Les adresses en service.")] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Ce dossier copié devient le dossier vivant.")
    ] = False,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Ce qui lie cette machine à un domaine attaquable."),
    ] = False,
    root: Annotated[
        Path, typer.Option("--root", metavar="DIR", help="Avec --trust : une autre racine.")
    ] = Path("/"),
    json_file: JsonOption = None,
) -> int:
    """Dit l'état de l'installation et du dossier ; 1 = quelque chose manque."""
    if trust:
        return _trust(root, json_file)
    opened = open_home(home)
    if take_over:
        opened = take_home_over(opened.path)
        print(
            f"{opened.path} : ce dossier est maintenant le dossier vivant (époque {opened.epoch})."
        )
    out = screen(json_file)
    addresses = _addresses(opened)
    if ports:
        for name, address in addresses.items():
            print(f"{name:9} {address}", file=out)
        if not addresses:
            print("Rien n'est en service. Pour démarrer : ./run serve", file=out)
        write_json(json_file, addresses)
        return 0
    installed = (opened.path / MARK).exists()
    needed = {"restic": PROGRAMS["restic"]} if installed else PROGRAMS
    findings = [*_programs(needed), *([] if installed else [_postgresql()]), _home(opened)]
    findings += _parts(opened) if installed else [_served(addresses)]
    findings += [_kept(opened), _dpo(opened)]
    for finding in findings:
        print(f"{'●' if finding.ok else '○'} {finding.id:14} {finding.seen}", file=out)
        if finding.remedy:
            print(f"  → {finding.remedy}", file=out)
    write_json(json_file, [asdict(finding) for finding in findings])
    return 0 if all(finding.ok for finding in findings) else 1


def _addresses(home: Home) -> dict[str, str]:
    """What is served now; a supervisor that was killed leaves its file behind."""
    if (home.path / MARK).exists():
        return _units(home)
    endpoints = home.run / "endpoints.json"
    if writer_of(home, "serve") is None or not endpoints.exists():
        return {}
    found: dict[str, str] = json.loads(endpoints.read_text("utf-8"))
    return found


def _units(home: Home) -> dict[str, str]:
    """Where an installed home answers: its units hold the sockets whether a part lives or not."""
    from releve.runtime.addresses import parse_all
    from releve.runtime.lives import lives
    from releve.runtime.settings import LOOPBACK, read_settings

    settings, alive = read_settings(home), lives(home)
    ports = {
        "web": f"http://{LOOPBACK}:{settings.web_port}/",
        "receiver": f"http://{LOOPBACK}:{settings.receiver_port}/",
        "listener": f"mllp://{LOOPBACK}:{settings.listener_port}/",
    }
    found = {name: url for name, url in ports.items() if name in alive and alive[name].alive}
    if "web" in found:
        outside = parse_all(settings.addresses)
        found |= {f"https{n if n > 1 else ''}": each.url for n, each in enumerate(outside, 1)}
    return found


def _parts(home: Home) -> list[Finding]:
    """One line per part of an installed home."""
    from releve.runtime.accounts import table
    from releve.runtime.lives import lives

    alive, findings = lives(home), []
    for row in table().parts:
        life = alive.get(row.name)
        up = life is not None and life.alive
        seen = f"{row.does} : {'en marche' if up else 'arrêtée'}"
        seen += f" (démarrée {life.starts} fois)" if life else ""
        remedy = "" if up else f"systemctl status {row.user} ; journalctl -u {row.user}"
        findings.append(Finding(row.name, up, seen, remedy))
    return findings


def _trust(root: Path, json_file: str | None) -> int:
    """Every tie to a domain that may be attacked; 1 when there is one."""
    from releve.kernel.clock import SystemClock
    from releve.runtime.trust import State, of_this_machine, ties

    if not root.is_dir():
        raise BadInput(where=root, what="ce dossier n'existe pas", fix="--root DIR")
    out = screen(json_file)
    found = ties(of_this_machine(root), SystemClock().now())
    for tie in found:
        print(f"{tie.state.mark} {tie.state:8} {tie.subject} : {printable(tie.seen)}", file=out)
        if tie.why:
            print(f"  parce que : {tie.why}", file=out)
        if tie.todo:
            print(f"  → {tie.todo}", file=out)
    tied = [tie for tie in found if tie.state is State.TIED]
    unseen = [tie for tie in found if tie.state is State.UNSEEN]
    print(f"{len(tied)} liens, {len(unseen)} points non vus.", file=out)
    write_json(json_file, [asdict(tie) for tie in found])
    return 1 if tied else 0


def _programs(needed: Mapping[str, tuple[str, str]]) -> list[Finding]:
    findings = []
    for program, (purpose, package) in needed.items():
        found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
        remedy = "" if found else f"apt-get install {package}"
        findings.append(Finding(program, bool(found), f"{purpose} : {found or 'absent'}", remedy))
    return findings


def _postgresql() -> Finding:
    from releve.drill.simulator.postgres import tool
    from releve.kernel.errors import MissingTool

    try:
        return Finding("postgresql", True, f"serveur de base simulé : {tool('initdb').parent}")
    except MissingTool as error:
        return Finding("postgresql", False, str(error), error.remedy)


def _home(home: Home) -> Finding:
    seen = f"{home.path} ({home.world.value}, format {home.format}, époque {home.epoch})"
    return Finding("dossier", True, seen)


def _served(addresses: dict[str, str]) -> Finding:
    seen = ", ".join(f"{n} {a}" for n, a in addresses.items()) or "arrêté"
    return Finding("service", True, seen, "" if addresses else "./run serve")


def _dpo(home: Home) -> Finding:
    """Who agreed that real messages be received; nobody is asked in a drill home."""
    from releve.runtime.retention import officer, overrides

    found, late = officer(home), overrides(home)
    if found is not None:
        return Finding("dpo", True, f"{found.name}, accord du {found.agreed_on:%d/%m/%Y}")
    seen = "non renseigné" + (f", écoute ouverte sans lui : {len(late)} fois" if late else "")
    remedy = "./run retention dpo --name … --date AAAA-MM-JJ"
    return Finding("dpo", not _receives(home), seen, remedy)


def _kept(home: Home) -> Finding:
    """Whether each duration is decided and signed."""
    from releve.kernel.errors import ReleveError
    from releve.retention import read_rules

    try:
        stores = read_rules(home).stores
    except ReleveError as error:
        return Finding("conservation", False, str(error), error.remedy)
    missing = [store.id for store in stores if not (store.decided and store.signed)]
    seen = f"{len(stores)} magasins, {len(missing)} à décider ou à signer"
    remedy = "./run retention show" if missing else ""
    return Finding("conservation", not missing or not _receives(home), seen, remedy)


def _receives(home: Home) -> bool:
    """Whether real patients' messages may be here: not before the listener's first start."""
    return home.world is World.REAL and (home.path / "care/journal").is_dir()
