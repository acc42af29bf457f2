"""The receiver process over HTTP: what an intruder with a stolen credential meets."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.home import HomeCopied, read
from releve.kernel.ids import MachineName
from releve.vault.depot import ReceiverLine
from releve.vault.objects import Kind, Ref, Verdict
from releve.vault.protocol import V2, Cause
from releve.vault.register import Register, receipts_folder
from releve.vault.views import received
from tests.vault.conftest import OpenHouse, sha256
from tests.vault.house import House, Machine


def post(machine: Machine, kind: str, body: bytes) -> tuple[str, int]:
    """Post an object under its right name; the name and the status."""
    name = sha256(body)
    with machine.client() as client:
        return name, client.post(f"{kind}/{name}", content=body).status_code


def listed(machine: Machine, kind: str) -> list[str]:
    with machine.client() as client:
        rows = client.get(f"{kind}/", headers={"Accept": V2}).json()
    return [row["name"] for row in rows]


def test_garbage_is_kept_readable_by_name_and_never_listed(house: OpenHouse) -> None:
    machine = house("receiver").enrol("PC-1")
    key = listed(machine, "keys")
    for kind in ("index", "snapshots", "keys", "locks"):
        body = secrets.token_bytes(300)
        name, status = post(machine, kind, body)
        assert status == 200
        assert name not in listed(machine, kind)
        with machine.client() as client:
            assert client.get(f"{kind}/{name}").content == body
            assert client.head(f"{kind}/{name}").headers["content-length"] == "300"
    assert listed(machine, "keys") == key
    assert len(key) == 1


def test_the_worker_decides_what_is_listed_and_only_once(house: OpenHouse) -> None:
    home = house("receiver")
    machine = home.enrol("PC-1")
    good, bad = (post(machine, "index", secrets.token_bytes(50))[0] for _ in range(2))
    line = ReceiverLine(home.home)
    line.judge([_verdict(machine, good, valid=True), _verdict(machine, bad, valid=False)])
    assert listed(machine, "index") == [good]
    line.judge([_verdict(machine, good, valid=False), _verdict(machine, bad, valid=True)])
    assert listed(machine, "index") == [good]
    home.kill("receiver")
    home.start("receiver")
    assert listed(machine, "index") == [good]
    assert line.valid(machine.name, Kind.INDEX) == [good]
    line.close()


def _verdict(machine: Machine, name: str, *, valid: bool) -> Verdict:
    return Verdict(Ref(machine.name, Kind.INDEX, name), valid, "essai")


def test_nothing_is_removed_nor_overwritten_and_each_try_is_counted(house: OpenHouse) -> None:
    home = house("receiver")
    machine = home.enrol("PC-1")
    name, _ = post(machine, "data", b"paquet")
    with machine.client() as client:
        assert client.delete(f"data/{name}").status_code == 403
        assert client.delete("config").status_code == 403
        assert client.delete("").status_code == 403
        assert client.post(f"data/{name}", content=b"paquet").status_code == 403
        assert client.post(f"data/{name}", content=b"autre").status_code == 403
        assert client.post("config", content=b"autre").status_code == 403
        assert client.post(f"data/{'00' * 32}", content=b"x").status_code == 400
        assert client.get(f"data/{name}").content == b"paquet"
        assert client.delete(f"data/{'11' * 32}").status_code == 404
    counted = _refusals(home)
    assert counted == {
        (machine.name, Cause.DELETE): 2,
        (machine.name, Cause.DESTROY): 1,
        (machine.name, Cause.OVERWRITE): 2,
        (machine.name, Cause.CONFIG): 1,
        (machine.name, Cause.HASH): 1,
    }


def _refusals(home: House) -> dict[tuple[MachineName, Cause], int]:
    line = ReceiverLine(home.home)
    try:
        return dict(line.news(0, 0).refusals)
    finally:
        line.close()


def test_a_credential_opens_its_own_repository_only(house: OpenHouse) -> None:
    home = house("receiver")
    first, second = home.enrol("PC-1"), home.enrol("PC-2")
    name, _ = post(second, "data", b"secret de PC-2")
    foreign = first.base.replace("PC-1", "PC-2")
    with first.client() as client:
        for path in ("config", f"data/{name}", "data/", f"data/{'00' * 32}"):
            assert client.get(foreign + path).status_code == 403
        assert client.post(f"{foreign}locks/{name}", content=b"x").status_code == 403
        assert client.delete(f"{foreign}locks/{name}").status_code == 403
    with httpx.Client(base_url=first.base) as nobody:
        assert nobody.get("config").status_code == 401
        assert nobody.get("config", auth=("PC-1", "faux")).status_code == 401
        assert nobody.get("config", auth=("../PC-1", "faux")).status_code == 401
        assert nobody.get("config", auth=("", "")).status_code == 401
    counted = _refusals(home)
    assert counted[first.name, Cause.FOREIGN] == 6
    assert counted[first.name, Cause.PASSWORD] == 1
    assert counted[MachineName("inconnue"), Cause.PASSWORD] == 2


def test_the_workers_door_is_not_on_the_network(house: OpenHouse) -> None:
    machine = house("receiver").enrol("PC-1")
    root = machine.base.removesuffix("PC-1/")
    with machine.client() as client:
        for path in ("receipts?start=0&wait=0", "verdicts", "valid/PC-1/index"):
            assert client.get(root + path).status_code in (404, 405)


def test_what_was_acknowledged_is_there_after_a_kill_with_one_receipt(house: OpenHouse) -> None:
    home = house("receiver")
    machine = home.enrol("PC-1")
    acknowledged: list[str] = []
    threads = [threading.Thread(target=_flood, args=(machine, acknowledged, i)) for i in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        seen = len(acknowledged)
        while len(acknowledged) < seen + 40:
            threading.Event().wait(0.01)
        home.kill("receiver")
        home.start("receiver")
    for thread in threads:
        thread.join()
    receipts = [r.ref.name for r in received(home.home, machine.name) if r.ref.kind is Kind.DATA]
    assert len(receipts) == len(set(receipts))
    assert set(acknowledged) <= set(receipts)
    with machine.client() as client:
        assert set(acknowledged) <= set(client.get("data/").json())
        for name in acknowledged:
            assert sha256(client.get(f"data/{name}").content) == name


def _flood(machine: Machine, acknowledged: list[str], seed: int) -> None:
    """Post until each object is acknowledged, as restic does when its server goes away."""
    with machine.client() as client:
        for number in range(120):
            body = f"{seed}/{number}".encode() * 50
            while not _posted(client, body):
                pass
            acknowledged.append(sha256(body))


def _posted(client: httpx.Client, body: bytes) -> bool:
    try:
        return client.post(f"data/{sha256(body)}", content=body).status_code == 200
    except httpx.HTTPError:
        return False


def test_an_object_without_receipt_is_received_at_the_start(house: OpenHouse) -> None:
    """A kill between the link and the receipt: the machine's next try is told 200."""
    home = house("receiver")
    machine = home.enrol("PC-1")
    post(machine, "data", b"premier")
    home.kill("receiver")
    body = b"jamais acquitte"
    name = sha256(body)
    path = home.home.path / "vault/repos/PC-1/data" / name[:2] / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    (home.home.path / "vault/incoming/reste.part").write_bytes(b"moitie")
    home.start("receiver")
    assert post(machine, "data", body) == (name, 200)
    found = [r for r in received(home.home, machine.name) if r.ref.name == name]
    assert [r.recovered for r in found] == [True]
    assert list((home.home.path / "vault/incoming").iterdir()) == []


def test_a_receipt_without_object_is_told(house: OpenHouse) -> None:
    home = house("receiver")
    machine = home.enrol("PC-1")
    name, _ = post(machine, "data", b"disparait")
    home.kill("receiver")
    (home.home.path / "vault/repos/PC-1/data" / name[:2] / name).unlink()
    home.start("receiver")
    assert _refusals(home) == {(machine.name, Cause.VANISHED): 1}
    with machine.client() as client:
        assert client.get(f"data/{name}").status_code == 404


def test_a_second_receiver_is_refused(house: OpenHouse) -> None:
    home = house("receiver")
    command = [sys.executable, "-m", "releve.runtime.receiver", "--home", str(home.home.path)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 2
    assert str(home.parts["receiver"].pid) in second.stderr
    home.enrol("PC-1").restic("snapshots").check_returncode()


def test_a_share_that_is_full_refuses_data_and_keeps_locks(house: OpenHouse) -> None:
    """A machine's share of 1000 bytes, written as its credential says."""
    home = house("receiver")
    machine = home.enrol("PC-1")
    path = home.home.secrets("receiver") / "PC-1.json"
    fields = json.loads(path.read_text()) | {"quota": 1000}
    path.write_text(json.dumps(fields))
    assert post(machine, "data", bytes(900))[1] == 200
    assert post(machine, "data", bytes(901))[1] == 403
    with machine.client() as client:
        body = bytes(902)
        new = {"User-Agent": "restic/0.18.1"}
        url = f"data/{sha256(body)}"
        assert client.post(url, content=body, headers=new).status_code == 507
    assert post(machine, "locks", bytes(500))[1] == 200
    assert _refusals(home)[machine.name, Cause.QUOTA] == 2


def test_a_copied_home_does_not_receive(house: OpenHouse, tmp_path: Path) -> None:
    home = house("receiver")
    home.kill("receiver")
    ignored = shutil.ignore_patterns("run")
    shutil.copytree(home.home.path, tmp_path / "copie", ignore=ignored)
    with pytest.raises(HomeCopied):
        Register(read(tmp_path / "copie"), SystemClock())
    assert receipts_folder(tmp_path / "copie" / "vault").is_dir()
