"""The proxy is a network that keeps notes, unless it is told to lie; then only in its own way."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from releve.drill.simulator.proxy import Proxy
from tests.drill.simulator.receiving import Receiving, start_receiver

_NAME = "PC-A"


@pytest.fixture(scope="module")
def receiving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    if shutil.which("restic") is None:
        pytest.skip("SANS RESTIC : apt-get install restic")
    started = start_receiver(tmp_path_factory.mktemp("recepteur") / "home")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def environment(receiving: Receiving) -> dict[str, str]:
    return receiving.enrol(_NAME)


@pytest.fixture
def proxied(receiving: Receiving, tmp_path: Path) -> Iterator[Callable[[str], Proxy]]:
    started: list[Proxy] = []

    def start(mode: str) -> Proxy:
        log, aside = tmp_path / "accuses", tmp_path / "ecarte"
        started.append(Proxy(mode, receiving.url, log, receiving.storage, aside))
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()


def _client(proxy: Proxy, environment: dict[str, str]) -> httpx.Client:
    repository = proxy.through(environment)["RESTIC_REPOSITORY"].removeprefix("rest:")
    return httpx.Client(base_url=repository, trust_env=False)


def _post(client: httpx.Client, kind: str, body: bytes) -> tuple[int, str]:
    name = hashlib.sha256(body).hexdigest()
    return client.post(f"{kind}/{name}", content=body).status_code, name


def test_restic_backs_up_and_restores_through_it_and_each_200_is_noted(
    proxied: Callable[[str], Proxy],
    environment: dict[str, str],
    receiving: Receiving,
    tmp_path: Path,
) -> None:
    proxy = proxied("honest")
    through = {**os.environ, **proxy.through(environment), "RESTIC_CACHE_DIR": str(tmp_path / "c")}
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "gros").write_bytes(os.urandom(3_000_000))
    subprocess.run(["restic", "backup", "-q", "."], cwd=folder, env=through, check=True)
    noted = {(ack["kind"], ack["name"]) for ack in proxy.acknowledged()}
    assert {kind for kind, _ in noted} == {"data", "index", "locks", "snapshots"}
    for kind, name in noted - {ack for ack in noted if ack[0] == "locks"}:
        inner = f"{name[:2]}/" if kind == "data" else ""
        stored = (receiving.storage / _NAME / kind / f"{inner}{name}").read_bytes()
        assert hashlib.sha256(stored).hexdigest() == name
    pack = next(name for kind, name in noted if kind == "data")
    with _client(proxy, environment) as client:
        whole = client.get(f"data/{pack}").content
        part = client.get(f"data/{pack}", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, whole[10:20])
        size = client.head(f"data/{pack}").headers["content-length"]
        assert int(size) == len(whole)


def test_only_what_was_answered_200_is_noted(
    proxied: Callable[[str], Proxy], environment: dict[str, str]
) -> None:
    proxy = proxied("honest")
    with _client(proxy, environment) as client:
        assert client.delete("config").status_code == 403
        assert client.post("config", content=b"autre").status_code == 403
        assert client.get(f"data/{'0' * 64}").status_code == 404
        status, name = _post(client, "data", os.urandom(500))
    assert status == 200
    assert [ack["name"] for ack in proxy.acknowledged()] == [name]


def test_it_outlives_a_receiver_that_is_down(tmp_path: Path, environment: dict[str, str]) -> None:
    proxy = Proxy("honest", "http://127.0.0.1:9/", tmp_path / "a", tmp_path, tmp_path / "e")
    try:
        with _client(proxy, environment) as client:
            assert [client.get("config").status_code for _ in range(2)] == [502, 502]
    finally:
        proxy.stop()
    assert proxy.acknowledged() == []


def test_nonsense_is_answered_400(
    proxied: Callable[[str], Proxy], environment: dict[str, str]
) -> None:
    proxy = proxied("honest")
    port = int(proxy.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(b"ceci n'est pas HTTP\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 400")


def test_delete_allowed_takes_the_bytes_away_and_puts_them_back(
    proxied: Callable[[str], Proxy], environment: dict[str, str], receiving: Receiving
) -> None:
    proxy = proxied("delete-allowed")
    body = os.urandom(500)
    with _client(proxy, environment) as client:
        _, name = _post(client, "data", body)
        place = receiving.storage / _NAME / "data" / name[:2] / name
        assert client.delete(f"data/{name}").status_code == 200
        assert not place.exists()
        assert client.delete(f"data/{name}").status_code == 404
        assert client.delete("").status_code == 403
        proxy.tell(do="put-back")
        assert place.read_bytes() == body


def test_index_poisoned_lists_garbage_until_it_is_told_to_stop(
    proxied: Callable[[str], Proxy], environment: dict[str, str]
) -> None:
    proxy = proxied("index-poisoned")
    v2 = {"Accept": "application/vnd.x.restic.rest.v2"}
    with _client(proxy, environment) as client:
        _, before = _post(client, "index", os.urandom(200))
        proxy.tell(do="poison", on=True)
        body = os.urandom(300)
        _, name = _post(client, "index", body)
        assert name in client.get("index/").json()
        assert {"name": name, "size": 300} in client.get("index/", headers=v2).json()
        assert client.get(f"index/{name}").content == body
        assert before not in client.get("index/").json()
        proxy.tell(do="poison", on=False)
        assert name not in client.get("index/").json()


def test_ack_before_write_lies_in_its_window_only(
    proxied: Callable[[str], Proxy], environment: dict[str, str]
) -> None:
    proxy = proxied("ack-before-write")
    sent = {}
    with _client(proxy, environment) as client:
        for moment, order in (
            ("before", {}),
            ("other machine", {"on": True, "machine": "PC-B"}),
            ("window", {"on": True, "machine": _NAME}),
            ("after", {"on": False}),
        ):
            if order:
                proxy.tell(do="window", **order)
            status, sent[moment] = _post(client, "data", os.urandom(300))
            assert status == 200
        assert {ack["name"] for ack in proxy.acknowledged()} == set(sent.values())
        there = {moment: client.head(f"data/{name}").status_code for moment, name in sent.items()}
    assert there == {"before": 200, "other machine": 200, "window": 404, "after": 200}
