"""The signer as a process, its socket, and clients that misbehave."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import Reality, World
from releve.ledger import LedgerClient, Place, encode
from releve.ledger.errors import EntryRefused, SignerUnreachable
from releve.ledger.place import short_path
from releve.ledger.wire import APPEND, DONE, FAILED, BrokenFrame, Frames, answers, frame
from releve.runtime.ledger import open_ledger, read_entries
from tests.ledger.examples import REAL_FINESS, evidence


@contextmanager
def signer_process(home: Home) -> Iterator[subprocess.Popen[str]]:
    """``python -m releve.runtime.signer``, ready."""
    command = [sys.executable, "-m", "releve.runtime.signer", "--home", str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            assert said["ready"] == "signer"
            assert said["endpoints"]["signer"] == f"unix:{Place(home).socket}"
            yield process
        finally:
            process.kill()


def raw(home: Home) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    with short_path(Place(home).socket) as short:
        connection.connect(short)
    return connection


def test_appended_through_the_socket_while_the_signer_runs(home: Home) -> None:
    with signer_process(home) as process, open_ledger(home) as ledger:
        assert isinstance(ledger, LedgerClient)
        assert ledger.append_many([evidence(n) for n in range(1, 601)]) == list(range(1, 601))
        assert ledger.append(evidence(7)) == 7
        assert ledger.publish() == 601
        assert len(list(read_entries(home, 590))) == 11
        process.terminate()
        assert process.wait(30) == 0


def test_the_wrong_reality_is_refused_by_the_socket_too(home: Home) -> None:
    with signer_process(home), LedgerClient(Place(home).socket) as ledger:
        real = evidence(reality=Reality.TECHNICAL, finess=REAL_FINESS)
        with pytest.raises(EntryRefused, match="ne va pas dans un registre drill") as refused:
            ledger.append(real)
        assert "dossier d'exercice" in refused.value.remedy
        with pytest.raises(EntryRefused, match="FINESS"):
            ledger.append(evidence(finess=REAL_FINESS))
        assert ledger.append(evidence(1)) == 1


def test_a_killed_signer_comes_back_and_nothing_is_doubled(home: Home) -> None:
    client = LedgerClient(Place(home).socket)
    with signer_process(home) as process:
        assert client.append(evidence(1)) == 1
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    with signer_process(home):
        assert client.append_many([evidence(1), evidence(2)]) == [1, 2]
    client.close()
    with pytest.raises(SignerUnreachable):
        LedgerClient(Place(home).socket, patience=0.2).append(evidence(3))


def test_bad_clients_lose_their_own_connection_and_nothing_else(home: Home) -> None:
    good = frame(APPEND, encode(evidence(1)))
    with signer_process(home), LedgerClient(Place(home).socket) as ledger:
        bad = [raw(home) for _ in range(4)]
        bad[0].sendall(b"\xff" * 64)  # a frame of 4 GiB
        bad[1].sendall(good[:20])  # half a frame, then silence
        bad[2].sendall(frame(b"Z", b"?") + frame(APPEND, b"{") + good)
        bad[3].sendall(frame(b""))
        assert ledger.append(evidence(2, value=None)) >= 1
        assert _answers(bad[0]) == [FAILED]
        assert bad[0].recv(1) == b""
        assert _answers(bad[2], 3) == [FAILED, FAILED, DONE]
        bad[1].sendall(good[20:])
        assert _answers(bad[1]) == [DONE]
        for connection in bad:
            connection.close()
        assert ledger.append(evidence(3)) == 3


def test_a_client_that_never_reads_stops_nobody(home: Home) -> None:
    question = frame(APPEND, b"{}")  # its refusal is long
    with signer_process(home), LedgerClient(Place(home).socket) as ledger, raw(home) as deaf:
        deaf.setblocking(False)
        for _ in range(3_000):
            try:
                deaf.send(question * 50)
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                break
        assert ledger.append(evidence(1)) == 1


def test_too_many_clients_are_turned_away(home: Home) -> None:
    with signer_process(home), LedgerClient(Place(home).socket) as ledger:
        ledger.publish()
        crowd = [raw(home) for _ in range(300)]
        assert ledger.append(evidence(1)) == 1
        for connection in crowd:
            connection.close()


def test_a_home_far_down_the_tree_has_its_socket_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 90) / ("b" * 90)
    home = birth(deep, World.DRILL, SystemClock().now())
    with signer_process(home), open_ledger(home) as ledger:
        assert isinstance(ledger, LedgerClient)
        assert ledger.append(evidence()) == 1


def test_a_socket_handed_down_by_the_supervisor_is_served(home: Home) -> None:
    listening = socket.socket(socket.AF_UNIX)
    with short_path(Place(home).socket) as short:
        listening.bind(short)
    listening.listen()
    command = [sys.executable, "-m", "releve.runtime.signer", "--home", str(home.path)]
    command += ["--fd", str(listening.fileno())]
    with subprocess.Popen(command, pass_fds=[listening.fileno()]) as process:
        with LedgerClient(Place(home).socket) as ledger:
            assert ledger.append(evidence()) == 1
        process.terminate()
    listening.close()


def test_a_second_signer_says_who_holds_the_home(
    home: Home, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from releve.runtime import part, signer

    monkeypatch.setenv("RELEVE_HOME", str(home.path))  # start() sets it: put back afterwards
    monkeypatch.setattr(sys, "argv", ["signer", "--home", str(home.path)])
    monkeypatch.setattr(signer, "_WAIT_SECONDS", 0.0)
    monkeypatch.setattr("releve.runtime.part.die_with_parent", lambda: None)
    with signer_process(home) as process:
        with pytest.raises(SystemExit) as ended:
            part.run("signer", signer.serve)
        assert ended.value.code == 2
        assert str(process.pid) in capfd.readouterr().err


def test_frames_come_out_whole_however_they_are_cut() -> None:
    data = frame(b"A", b"hello") + frame(b"P")
    frames = Frames()
    found = [one for byte in data for one in frames.feed(bytes([byte]))]
    assert found == [(b"A", b"hello"), (b"P", b"")]
    for bad in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        with pytest.raises(BrokenFrame):
            Frames().feed(bad)


def _answers(connection: socket.socket, count: int = 1) -> list[bytes]:
    reader = answers()
    kinds: list[bytes] = []
    while len(kinds) < count:
        kinds += [one.kind for one in reader.feed(connection.recv(65_536))]
    return kinds
