"""Unmodified restic, the receiver, the worker and an intruder who holds the machine's secrets."""

from __future__ import annotations

import json
import random
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.outward import WrongWorld
from releve.ledger import Evidence
from releve.runtime.ledger import read_entries
from releve.vault import restic_format as fmt
from releve.vault.credentials import repository_secret
from releve.vault.errors import FolderNotNew, UnknownSnapshot
from releve.vault.restic import Restic
from releve.vault.restoration import Restoration, restore
from releve.vault.state import MachineState
from releve.vault.views import view
from tests.vault import trixie
from tests.vault.conftest import OpenHouse, sha256
from tests.vault.house import House, Machine, open_house, tree, until

PARTS = ("signer", "receiver", "worker")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, central: Path) -> Iterator[House]:
    """A house for the tests that kill nothing: each enrols its own machine."""
    with open_house(tmp_path_factory.mktemp("maison") / "home", central, *PARTS) as house:
        yield house


@pytest.fixture
def machine(served: House) -> Machine:
    """A machine of its own for each test."""
    return served.enrol(f"PC-{secrets.token_hex(4)}")


@pytest.fixture(params=["0.14", "0.18"])
def binary(request: pytest.FixtureRequest) -> str:
    """Both restic the project promises; 0.18 is skipped aloud where it cannot be had."""
    return "restic" if request.param == "0.14" else trixie.restic()


def fill(machine: Machine, seed: int = 1) -> None:
    """Thirty readable documents and one big one."""
    rng = random.Random(seed)
    for number in range(30):
        text = f"Compte rendu {number} {rng.random()}\n" * 60
        (machine.files / f"note-{number:02}.txt").write_text(text)
    (machine.files / "gros.bin").write_bytes(rng.randbytes(2_000_000))


def restored(machine: Machine, snapshot: str, name: str) -> Restoration:
    home = machine.house.home
    into = home.path / "restores" / machine.name / name
    return restore(home, Restic(home.world, home.path), machine.name, snapshot, into, SystemClock())


def told(machine: Machine, what: str) -> list[Evidence]:
    """The machine's facts of one kind, in the ledger."""
    entries = (entry for _, entry in read_entries(machine.house.home))
    return [entry for entry in entries if (entry.what, entry.system) == (what, machine.name)]


def poison(machine: Machine) -> None:
    """Garbage under its right name in every folder, with the stolen credential."""
    with machine.client() as client:
        for kind in ("index", "snapshots", "keys", "locks", "data"):
            body = secrets.token_bytes(200)
            assert client.post(f"{kind}/{sha256(body)}", content=body).status_code == 200


def test_garbage_stops_neither_backup_nor_restore(
    machine: Machine, binary: str, tmp_path: Path
) -> None:
    fill(machine)
    machine.judged(machine.backup(binary=binary))
    poison(machine)
    (machine.files / "note-00.txt").write_text("relu et corrigé\n" * 60)
    before = tree(machine.files)
    second = machine.backup(binary=binary)
    state = machine.judged(second)
    assert [line.verdict for line in state.snapshots] == ["clean", "clean"]
    assert machine.restic("check", binary=binary).returncode in (0, 1)
    done = machine.restic("restore", "latest", "--target", str(tmp_path / "r"), binary=binary)
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "r" / str(machine.files)[1:]) == before
    outcome = restored(machine, "last-clean", "coffre")
    assert (outcome.ok, outcome.files, outcome.identical) == (True, 31, 31)
    assert tree(outcome.into / str(machine.files)[1:]) == before

    def counted() -> bool:
        return machine.state().garbage == {"index": 1, "snapshots": 1, "keys": 1, "locks": 1}

    until(counted, "les quatre intrus comptés")
    facts = told(machine, "vault.garbage")
    assert sorted(str(e.detail["type"]) for e in facts) == ["index", "keys", "locks", "snapshots"]
    assert {(e.kind, e.system) for e in facts} == {("alarm", machine.name)}


def test_forget_and_prune_remove_nothing(machine: Machine, binary: str) -> None:
    fill(machine)
    first = machine.backup(binary=binary)
    machine.judged(first)
    future = ("--time", "2030-01-01 00:00:00")
    machine.judged(machine.backup(*future, binary=binary))
    # 0.14 asks again for a quarter of an hour when it is refused
    machine.restic("forget", "--keep-last", "1", "--prune", binary=binary, seconds=6)
    machine.restic("unlock", "--remove-all", binary=binary)
    names = json.loads(machine.restic("snapshots", "--json", binary=binary).stdout)
    assert len(names) == 2
    assert restored(machine, first, "r").ok

    def refused() -> bool:
        return machine.state().refusals.get("effacement demandé", 0) >= 1

    until(refused, "l'effacement refusé, compté")
    facts = told(machine, "vault.refused")
    assert [(e.system, e.kind) for e in facts][:1] == [(machine.name, "alarm")]


def test_an_encrypted_machine_alarms_and_the_last_clean_snapshot_restores(
    machine: Machine,
) -> None:
    fill(machine)
    clean = machine.backup()
    machine.judged(clean)
    before = tree(machine.files)
    for number in range(20):
        path = machine.files / f"note-{number:02}.txt"
        path.write_bytes(random.Random(number).randbytes(path.stat().st_size))
    state = machine.judged(machine.backup())
    assert state.last is not None
    assert state.last.verdict == "alarm"
    assert state.last.suspect == 20
    assert state.alarm is not None
    assert all("note-" in path for path in state.alarm.paths)
    assert state.last_clean is not None
    assert state.last_clean.id.startswith(clean)
    outcome = restored(machine, "last-clean", "r")
    assert outcome.ok
    assert tree(outcome.into / str(machine.files)[1:]) == before
    (alarm,) = told(machine, "vault.alarm")
    assert (alarm.kind, alarm.system, alarm.value, alarm.unit) == (
        "alarm",
        machine.name,
        20,
        "fichiers",
    )
    assert "note-" not in str(alarm)  # file names enter the ledger as commitments only
    assert set(alarm.commitments) == {"paths"}


@pytest.mark.parametrize("keep", [0, 4])
def test_a_snapshot_without_the_files_is_not_the_last_clean_one(
    machine: Machine, keep: int
) -> None:
    """An intruder backs up an emptied folder: restoring it would restore the loss."""
    fill(machine)
    clean = machine.backup()
    machine.judged(clean)
    for path in sorted(machine.files.iterdir())[keep:]:
        path.unlink()
    (machine.files / "a.txt").write_text("x")
    state = machine.judged(machine.backup())
    assert state.last is not None
    assert state.last.verdict == "alarm"
    assert state.last_clean is not None
    assert state.last_clean.id.startswith(clean)


def test_a_snapshot_of_another_folder_is_not_the_last_clean_one(
    machine: Machine, tmp_path: Path
) -> None:
    fill(machine)
    clean = machine.backup()
    machine.judged(clean)
    (tmp_path / "ailleurs.txt").write_text("x")
    done = machine.restic("backup", "--json", str(tmp_path / "ailleurs.txt"))
    other = json.loads(done.stdout.splitlines()[-1])["snapshot_id"]
    state = machine.judged(other)
    assert state.last is not None
    assert state.last.verdict == "other-paths"
    assert state.last_clean is not None
    assert state.last_clean.id.startswith(clean)


def test_an_authentic_index_made_with_the_stolen_password_changes_nothing_earlier(
    machine: Machine,
) -> None:
    """The intruder has the password: its index deciphers, and says that every document's blob is
    the bytes of another pack. It is refused, and a view as of the snapshot never sees it.
    """
    home = machine.house
    fill(machine)
    state = machine.judged(machine.backup())
    before = tree(machine.files)
    assert state.last is not None
    secret = repository_secret(home.home, machine.name)
    with machine.client() as client:
        key = client.get(f"keys/{secret.key_name}").content
        master = fmt.open_key_file(key, machine.environment["RESTIC_PASSWORD"])
        (name,) = client.get("index/").json()
        packs = fmt.read_index(master, client.get(f"index/{name}").content).packs
        blob = fmt.seal(master, b"rancon")
        lie = _lying_index(master, packs, blob)
        for kind, body in (("data", blob), ("index", lie)):
            assert client.post(f"{kind}/{sha256(body)}", content=body).status_code == 200
        until(lambda: machine.state().garbage == {"index": 1}, "l'index menteur compté")
        assert client.get("index/").json() == [name]
    outcome = restored(machine, "last-clean", "r")
    assert outcome.ok
    assert tree(outcome.into / str(machine.files)[1:]) == before
    with view(home.home, machine.name, state.last.number) as folder:
        assert [path.name for path in (folder / "index").iterdir()] == [name]
        assert len(list((folder / "data").glob("*/*"))) == len(packs)
        assert machine.restic("--no-lock", "check", "--read-data", repository=folder).stderr == ""
    assert not list((home.home.path / "vault/views").glob(f"{machine.name}-*"))


def _lying_index(
    master: fmt.MasterKey, packs: dict[str, tuple[fmt.Blob, ...]], blob: bytes
) -> bytes:
    blobs = [
        {"id": known.id, "type": known.type, "offset": 0, "length": len(blob)}
        for held in packs.values()
        for known in held
    ]
    claim = {"packs": [{"id": sha256(blob), "blobs": blobs}]}
    return fmt.seal(master, json.dumps(claim).encode())


def test_the_restore_check_sees_one_flipped_byte_and_one_file_more(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(machine)
    snapshot = machine.backup()
    machine.judged(snapshot)
    real = Restic.restore

    def tampered(self: Restic, view: Path, password: str, snapshot: str, into: Path) -> str:
        said = real(self, view, password, snapshot, into)
        place = into / str(machine.files)[1:]
        data = bytearray((place / "gros.bin").read_bytes())
        data[1_000_000] ^= 1
        (place / "gros.bin").write_bytes(data)
        (place / "note-03.txt").unlink()
        (place / "intrus.txt").write_text("x")
        return said

    monkeypatch.setattr(Restic, "restore", tampered)
    outcome = restored(machine, snapshot, "r")
    assert not outcome.ok
    assert (outcome.files, outcome.identical) == (31, 29)
    assert {Path(flaw.path).name: flaw.what for flaw in outcome.flaws} == {
        "gros.bin": "contenu différent de la sauvegarde",
        "note-03.txt": "manque après la restauration",
        "intrus.txt": "absent de la sauvegarde",
    }


def test_a_restore_overwrites_nothing_and_stays_in_its_world(
    machine: Machine, tmp_path: Path
) -> None:
    home = machine.house
    fill(machine)
    machine.judged(machine.backup())
    full = home.home.path / "plein" / machine.name
    full.mkdir(parents=True)
    (full / "a").write_text("x")
    restic = Restic(home.home.world, home.home.path)
    for into, error in ((full, FolderNotNew), (tmp_path / "dehors", WrongWorld)):
        with pytest.raises(error):
            restore(home.home, restic, machine.name, "last-clean", into, SystemClock())
    with pytest.raises(UnknownSnapshot):
        restore(home.home, restic, machine.name, "abcdef", home.home.path / "x", SystemClock())
    assert (full / "a").read_text() == "x"
    assert not (tmp_path / "dehors").exists()


def test_a_backup_outlives_a_receiver_killed_in_its_middle(house: OpenHouse) -> None:
    """restic 0.14 asks again for each object; the acknowledged ones are there, once."""
    home = house(*PARTS)
    machine = home.enrol("PC-1")
    rng = random.Random(3)
    for number in range(24):
        (machine.files / f"{number}.bin").write_bytes(rng.randbytes(3_000_000))
    found: list[str] = []
    backup = threading.Thread(target=lambda: found.append(machine.backup()))
    backup.start()
    data = home.home.path / "vault/repos/PC-1/data"
    until(lambda: len(list(data.glob("*/*"))) >= 1, "un premier paquet")
    home.kill("receiver")
    home.start("receiver")
    backup.join()
    machine.judged(found[0])
    outcome = restored(machine, found[0], "r")
    assert (outcome.ok, outcome.identical) == (True, 24)


def test_a_worker_killed_takes_up_where_it_was(house: OpenHouse) -> None:
    home = house("signer", "receiver")
    machine = home.enrol("PC-1")
    fill(machine)
    first = machine.backup()
    home.start("worker")
    home.kill("worker")
    (machine.files / "note-01.txt").write_text("corrigé\n")
    second = machine.backup()
    home.start("worker")
    state = machine.judged(second)
    assert [line.id[:8] for line in state.snapshots] == [first, second]
    facts = told(machine, "vault.snapshot")
    assert len(facts) == 2
    assert len({e.detail["snapshot"] for e in facts}) == 2


def test_a_pack_acknowledged_but_never_kept_makes_its_snapshot_unlisted(
    machine: Machine,
) -> None:
    """What the sabotage « ack-before-write » does: the machine's next backup repairs it."""
    home = machine.house
    fill(machine)
    with view(home.home, machine.name) as folder:
        # the machine writes aside, and one pack never reaches the receiver
        machine.restic("backup", str(machine.files), repository=folder).check_returncode()
        packs = sorted((folder / "data").glob("*/*"))
        others = [p for kind in ("index", "snapshots") for p in (folder / kind).iterdir()]
        with machine.client() as client:
            for path in [*packs[1:], *others]:
                kind = "data" if path in packs else path.parent.name
                body = path.read_bytes()
                assert client.post(f"{kind}/{path.name}", content=body).status_code == 200
    until(
        lambda: machine.state().garbage == {"index": 1, "snapshots": 1},
        "index et sauvegarde incomplets",
    )
    with machine.client() as client:
        assert client.get("snapshots/").json() == []
    assert machine.restic("snapshots").returncode == 0
    machine.judged(machine.backup())
    assert restored(machine, "last-clean", "r").ok


def test_personal_folders_are_never_named(machine: Machine) -> None:
    private = machine.files / "Personnel DUPONT"
    private.mkdir()
    for number in range(12):
        (private / f"lettre-{number}.txt").write_text("cher ami\n" * 100)
    machine.judged(machine.backup())
    for path in private.iterdir():
        path.write_bytes(secrets.token_bytes(900))
    state: MachineState = machine.judged(machine.backup())
    assert state.alarm is not None
    assert state.alarm.suspect == 12
    assert not any("lettre" in path for path in state.alarm.paths)
