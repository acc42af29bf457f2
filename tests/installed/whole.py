"""From end to end in an installed home: a message, a backup, a proof, a kit, a page, a restore.

``python -m tests.installed.whole HOME LOG RELEVE`` (root) does it and prints one line per thing
seen; exits 1 at the first that fails. ``RELEVE`` is the command of the console.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from releve.kernel.clock import SystemClock
from releve.kernel.home import read
from releve.runtime import tls
from releve.runtime.accounts import CONSOLE, table
from tests.installed.house import House, excess, lowered, running, wait

#: An admission in bed B01 of a ward, invented; the hour is filled in.
_ADMISSION = (
    "MSH|^~\\&|DPI|ESSAI|RELEVE|RELEVE|{hour}||ADT^A01^ADT_A01|INST{number}|P|2.5^FRA^2.11||||||"
    "UNICODE UTF-8\rEVN||{hour}\rPID|1||900001^^^ESSAI&1.2.250.1.999&ISO^PI||ESSAI^INSTALLE^^^^^D"
    "||19510412|F\rPV1|1|I|CHIRB^^B01^990000028||||||||||||||||V900001^^^ESSAI&1.2.250.1.999&ISO^VN"
    "\rZBE|MVT1^ESSAI|{hour}||INSERT|N||^^^^^^UF^^^CHIRB|^^^^^^UF^^^CHIRB|HMS\r"
)


class Console:
    """The verbs, as root types them."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.command, self._environment = list(command), environment

    def __call__(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [*self.command, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **self._environment},
            timeout=120,
        )
        if done.returncode != code:
            raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout


def message(house: House, number: int) -> str:
    """Send one admission; the acknowledgement code."""
    hour = time.strftime("%Y%m%d%H%M%S", time.gmtime())
    frame = b"\x0b" + _ADMISSION.format(hour=hour, number=number).encode() + b"\x1c\r"
    with socket.create_connection(("127.0.0.1", house.ports["listener_port"]), 20) as peer:
        peer.sendall(frame)
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            answer += peer.recv(65536)
    return answer.split(b"\rMSA|")[1][:2].decode()


def projected(house: House) -> bool:
    """Whether the patient is in the views."""
    views = house.home / "care/views.sqlite3"
    if not views.exists():
        return False
    with closing(sqlite3.connect(f"{views.as_uri()}?mode=ro", uri=True)) as base:
        try:
            return bool(base.execute("SELECT count(*) FROM patient").fetchone()[0])
        except sqlite3.OperationalError:
            return False


def backed_up(house: House, console: Console, folder: Path) -> None:
    """Enrol a machine and send a backup with an unmodified restic."""
    lines = console("vault", "enrol", "PC-ESSAI", "--home", str(house.home))
    environment = dict(
        shlex.split(line)[0].split("=", 1) for line in lines.splitlines() if line.startswith("REST")
    )
    subprocess.run(
        ["restic", "backup", "--quiet", "--no-cache", str(folder)],
        check=True,
        capture_output=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def snapshot(house: House) -> str:
    """The identity of a backup that the worker read as sound; empty before."""
    path = house.home / "vault/state/PC-ESSAI.json"
    state = json.loads(path.read_text()) if path.exists() else {}
    return next((each["id"] for each in state.get("snapshots", ())), "")


def ordered(house: House, snapshot: str, sources: str | None) -> None:
    """Order a restore as an approval does: a job of the queue, for the worker."""
    code = (
        "import sys; from pathlib import Path; from releve.kernel.home import read;"
        "from releve.runtime.records import use_records; use_records(read(Path(sys.argv[1])));"
        "from releve.vault.app.tasks import restore_machine;"
        "restore_machine.enqueue('PC-ESSAI', sys.argv[2])"
    )
    environment = {"LC_ALL": "C.UTF-8", **({"PYTHONPATH": sources} if sources else {})}
    subprocess.run(
        [*lowered(CONSOLE), sys.executable, "-c", code, str(house.home), snapshot],
        check=True,
        env=environment,
        cwd="/",
        timeout=60,
    )


def page(house: House) -> str:
    """The first page that the web part serves."""
    with urllib.request.urlopen(f"http://127.0.0.1:{house.ports['web_port']}/", timeout=20) as got:
        return str(got.read().decode())


def outside(house: House) -> list[str]:
    """The first page at each address outside loopback, for who trusts only our authority."""
    home = read(house.home)
    urls = tls.reached(home, SystemClock().now()).urls
    trusting = ssl.create_default_context(cafile=str(tls.authority_path(home))) if urls else None
    pages = []
    for url in urls:
        with urllib.request.urlopen(url, timeout=20, context=trusting) as got:  # noqa: S310
            pages.append(str(got.read().decode()))
    return pages


def walk(house: House, console: Console, work: Path, sources: str | None = None) -> list[str]:
    """Everything once; the lines of what was seen."""
    said = []
    if message(house, 1) != "AA":
        raise AssertionError("message not acknowledged")
    wait("patient in the views", lambda: projected(house), house)
    said.append("message acquitté (AA), patient dans les vues")
    documents = work / "documents"
    documents.mkdir(exist_ok=True)
    (documents / "note.txt").write_text("une note\n" * 200, "utf-8")
    backed_up(house, console, documents)
    found = wait("snapshot read", lambda: snapshot(house), house)
    said.append("sauvegarde reçue, lue saine par l'ouvrier")
    ordered(house, found, sources)
    report = house.home / "vault/restored/PC-ESSAI.json"
    wait("restored", report.exists, house)
    note = next((house.home / "restores").rglob("note.txt"))
    if note.read_text("utf-8") != "une note\n" * 200:
        raise AssertionError("restored bytes differ")
    said.append("restauration ordonnée, faite par l'ouvrier, mêmes octets")
    if not re.search(r"Relève", page(house)):
        raise AssertionError("no page")
    said.append("page servie")
    pages = outside(house)
    if not all("Relève" in each for each in pages):
        raise AssertionError("no page outside loopback")
    if pages:
        said.append("page servie en https, sous notre autorité")
    export = work / "export"
    console("ledger", "export", str(export), "--home", str(house.home))
    checked = subprocess.run(
        ["/usr/bin/python3", "-I", str(export / "verify.py"), str(export)],
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode or "vault.enrolled" not in _entries(house):
        raise AssertionError(checked.stdout + checked.stderr)
    said.append("registre exporté et vérifié, l'inscription et la sauvegarde y sont")
    kits = house.home / "care/kits/published"
    wait("kit", lambda: kits.is_dir() and any(kits.glob("*.html")), house)
    said.append("kit de service publié par la garde")
    return said


def _entries(house: House) -> str:
    return "".join(
        path.read_bytes().decode("utf-8", "replace")
        for path in (house.home / "ledger/log/tile/entries").rglob("*")
        if path.is_file()
    )


def compromised(house: House) -> list[str]:
    """Every part's user against the table, while all work."""
    pids = {name: process.pid for name, process in house.parts.items()}
    more = [Path("/etc/shadow"), Path(sys.executable).resolve().parent, Path("/var/cache/releve")]
    wrong = []
    for row in table().parts:
        others = [pid for name, pid in pids.items() if name != row.name]
        wrong += excess(house.home, row.name, others, [each for each in more if each.exists()])
    return wrong


def main(home: str, log: str, releve: str) -> int:
    """Exit status: 1 when a part does not work under its user or reaches more than the table."""
    work = Path(log)
    work.mkdir(parents=True, exist_ok=True)
    with running(Path(home), work) as house:
        sys.stdout.write(f"ok: {len(house.parts)} pièces, chacune sous son utilisateur\n")
        for line in walk(house, Console([releve], {}), work):
            sys.stdout.write(f"ok: {line}\n")
        wrong = compromised(house)
    for line in wrong:
        sys.stdout.write(f"ÉCART: {line}\n")
    if not wrong:
        sys.stdout.write(f"ok: pièce compromise : {len(table().parts)} utilisateurs, aucun écart\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
