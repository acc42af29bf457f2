"""``doctor``: what is in place, what is missing, what to do about it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, screen, write_json
from releve.kernel.home import Home, writer_of
from releve.kernel.home import take_over as take_home_over
from releve.kernel.world import World


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
    json_file: JsonOption = None,
) -> int:
    """Dit l'état de l'installation et du dossier ; 1 = quelque chose manque."""
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
    findings = [
        *_programs(), _postgresql(), _home(opened), _served(addresses), _kept(opened), _dpo(opened)
    ]  # fmt: skip
    for finding in findings:
        print(f"{'●' if finding.ok else '○'} {finding.id:14} {finding.seen}", file=out)
        if finding.remedy:
            print(f"  → {finding.remedy}", file=out)
    write_json(json_file, [asdict(finding) for finding in findings])
    return 0 if all(finding.ok for finding in findings) else 1


def _addresses(home: Home) -> dict[str, str]:
    """What is served now; a supervisor that was killed leaves its file behind."""
    endpoints = home.run / "endpoints.json"
    if writer_of(home, "serve") is None or not endpoints.exists():
        return {}
    found: dict[str, str] = json.loads(endpoints.read_text("utf-8"))
    return found


def _programs() -> list[Finding]:
    findings = []
    for program, (purpose, package) in PROGRAMS.items():
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
