"""Real senders on real sockets: AA only for what is on the disk, in order, whoever misbehaves."""

from __future__ import annotations

import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from releve.care.durable_line import DurableCount
from releve.care.errors import BadSenders
from releve.care.hl7 import parse
from releve.care.intake import Intake, Kept, read_kept
from releve.care.listener import Limits
from releve.care.mllp import frame
from releve.care.senders import read_senders
from releve.kernel.home import Home
from tests.care import messages
from tests.care.intake.living import Address, Living, address_of, listening, part
from tests.care.traffic import Line, code, msa

_WHO = messages.Someone("8001", "ESSAI-DUPONT")
_SENDERS = '[sender."LABO|CHV"]\nunreadable = "AE"\n[sender.""]\nunreadable = "AE"\n'


def _message(number: int, **header: str) -> bytes:
    return messages.a31(_WHO, control=f"C{number}", **header)


def _raws(home: Home) -> list[bytes]:
    return [kept.raw for kept in read_kept(home) if isinstance(kept, Kept)]


@contextmanager
def _served(home: Home, limits: Limits | None = None) -> Iterator[Living]:
    with Intake.open(home) as intake, listening(home, intake, limits) as living:
        yield living


@contextmanager
def _line(address: Address) -> Iterator[Line]:
    with closing(Line(address)) as line:
        yield line


def test_what_is_answered_aa_is_kept_in_order_with_its_sender_and_hour(home: Home) -> None:
    sent = [_message(n, sender=f"DPI{n % 3}|CHV") for n in range(100)]
    with _served(home) as living, _line(living.address) as line:
        answers = line.ask(*sent)
        assert [msa(answer)[1:3] for answer in answers] == [["AA", f"C{n}"] for n in range(100)]
        kept = [record for record in read_kept(home) if isinstance(record, Kept)]
    assert [record.raw for record in kept] == sent
    assert [record.sender for record in kept] == [f"DPI{n % 3}|CHV" for n in range(100)]
    assert [parse(answer).control_id for answer in answers] == [f"RLV{n}" for n in range(100)]


def test_byte_by_byte_and_all_at_once_and_noise_between(home: Home) -> None:
    with _served(home) as living, _line(living.address) as line:
        for octet in frame(_message(1)):
            line.socket.sendall(bytes([octet]))
        line.socket.sendall(b"\r\nbruit" + frame(_message(2)) + b"\0\0" + frame(_message(3))[:50])
        line.socket.sendall(frame(_message(3))[50:])
        assert [msa(answer)[2] for answer in line.answers(3)] == ["C1", "C2", "C3"]
    assert _raws(home) == [_message(1), _message(2), _message(3)]


def test_eight_senders_at_once_each_keep_their_order(home: Home) -> None:
    with _served(home) as living:

        def send(number: int) -> None:
            with _line(living.address) as line:
                for lap in range(10):
                    several = [_message(lap * 32 + n, sender=f"S{number}|X") for n in range(32)]
                    assert [code(a) for a in line.ask(*several)] == ["AA"] * 32

        senders = [threading.Thread(target=send, args=(number,)) for number in range(8)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join()
    kept = [parse(raw) for raw in _raws(home)]
    for number in range(8):
        mine = [m.control_id for m in kept if m.sender == f"S{number}|X"]
        assert mine == [f"C{n}" for n in range(320)]


def test_what_cannot_be_read_is_kept_and_answered_as_its_sender_wants(home: Home) -> None:
    (home.path / "care").mkdir()
    (home.path / "care/senders.toml").write_text(_SENDERS, "utf-8")
    two = _message(1, sender="LABO|CHV") + b"\r" + _message(2, sender="LABO|CHV")
    nobody = b"MSH|^~\\&|LABO|CHV|R|V|20261123||ADT^A01|Q1|P|2.5\rPID|1\r"
    others = [_message(3, sender="LABO|CHV"), _message(4) + _message(5), b"bonjour", nobody, nobody]
    with _served(home) as living, _line(living.address) as line:
        answers = [code(answer) for answer in line.ask(two, *others)]
    assert answers == ["AE", "AA", "AA", "AE", "AE", "AE"]
    assert _raws(home) == [two, *others]


@pytest.mark.parametrize(
    "text", ['[sender."A|B"]\nunreadable = "AX"', "[senders]", "x = ", '[sender."A|B"]\n']
)
def test_settings_that_cannot_be_read_are_said(home: Home, text: str) -> None:
    (home.path / "care").mkdir()
    (home.path / "care/senders.toml").write_text(text, "utf-8")
    with pytest.raises(BadSenders, match=r"care/senders\.toml"):
        read_senders(home.path)


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(home: Home) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with _served(home) as living, _line(living.address) as line:
        assert code(line.ask(_message(0))[0]) == "AA"
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        try:
            refused = line.ask(*(_message(n) for n in range(1, 9)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert {code(answer) for answer in refused} == {"AR"}
        assert "plein" in msa(refused[0])[3]
        assert code(line.ask(_message(9))[0]) == "AA"
    assert _raws(home) == [_message(0), _message(9)]


def test_a_message_too_long_is_refused_in_its_turn_and_not_held(home: Home) -> None:
    head = _message(2)[:-1]
    with _served(home) as living, _line(living.address) as line:
        line.send(_message(1))
        line.socket.sendall(b"\x0b" + head)
        for _ in range(18):
            line.socket.sendall(b"x" * (1 << 20))
        line.socket.sendall(b"\x1c\r" + frame(_message(3)))
        answers = [msa(answer)[1:3] for answer in line.answers(3)]
    assert answers == [["AA", "C1"], ["AR", "C2"], ["AA", "C3"]]
    assert _raws(home) == [_message(1), _message(3)]


def test_one_connection_too_many_is_cut_and_the_others_go_on(home: Home) -> None:
    with _served(home, Limits(connections=2)) as living:
        with _line(living.address) as one, _line(living.address) as two:
            assert code(one.ask(_message(1))[0]) == "AA"
            assert code(two.ask(_message(2))[0]) == "AA"
            with _line(living.address) as three:
                assert _cut(three)
            assert code(one.ask(_message(3))[0]) == "AA"
        _until(lambda: not living.listener.links)
        with _line(living.address) as again:
            assert code(again.ask(_message(4))[0]) == "AA"


def test_a_message_that_never_ends_loses_its_connection_only(home: Home) -> None:
    with (
        _served(home, Limits(frame_seconds=0.3)) as living,
        _line(living.address) as slow,
        _line(living.address) as quiet,
    ):
        slow.socket.sendall(b"\x0bMSH|^~\\&|LENT")
        assert _cut(slow)
        assert code(quiet.ask(_message(1))[0]) == "AA"  # open and silent for longer: not at fault


def test_who_does_not_read_its_answers_is_cut_and_holds_little(home: Home) -> None:
    limits = Limits(unread_seconds=0.5, waiting_messages=64)
    with _served(home, limits) as living, _line(living.address) as deaf:
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.socket.settimeout(20)
        data = b"".join(frame(_message(n)) for n in range(500))
        with pytest.raises(OSError):
            for _ in range(400):
                deaf.socket.sendall(data)
        with _line(living.address) as other:
            assert code(other.ask(_message(1))[0]) == "AA"


def test_frames_left_open_by_many_are_bounded_together(home: Home) -> None:
    limits = Limits(open_bytes=6 << 20)
    with _served(home, limits) as living:
        lines = [Line(living.address) for _ in range(4)]
        cut = 0
        for line in lines:
            try:
                line.socket.sendall(b"\x0bMSH" + b"x" * (3 << 20))
                cut += _cut(line, 1.0)
            except OSError:
                cut += 1
            held = sum(link.open_bytes for link in list(living.listener.links))
            assert held <= limits.open_bytes + (1 << 20)
        for line in lines:
            line.close()
    assert cut >= 2


def test_followers_hear_the_count_on_the_disk_and_only_that(home: Home) -> None:
    with closing(DurableCount(home)) as before, _served(home) as living:
        assert before.wait(-1, 20) == 0
        with _line(living.address) as line, closing(DurableCount(home)) as after:
            line.ask(*(_message(n) for n in range(5)))
            assert after.wait(-1, 20) == 5
            known = 0
            while known < 5:
                count = before.wait(known, 20)
                assert count is not None
                assert known < count <= 5
                known = count
            assert before.wait(5, 0.05) is None


def test_the_process_stops_when_told_and_its_port_outlives_it(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as handed:
        for life in range(2):
            with part("listener", home, fd=handed.fileno()) as (process, endpoints):
                assert address_of(endpoints["listener"]) == handed.getsockname()
                with _line(handed.getsockname()) as line:
                    assert code(line.ask(_message(life))[0]) == "AA"
                    process.terminate()
                    assert process.wait(20) == 0
    assert _raws(home) == [_message(0), _message(1)]


def test_killed_under_load_everything_answered_aa_is_there_once(home: Home) -> None:
    acknowledged: list[str] = []
    for life in range(3):
        with (
            part("listener", home) as (process, endpoints),
            _line(address_of(endpoints["listener"])) as line,
        ):
            several = [_message(life * 10_000 + n) for n in range(2000)]
            sender = threading.Thread(target=_send_quietly, args=(line, several))
            sender.start()
            acknowledged += [msa(answer)[2] for answer in line.answers(100)]
            process.kill()
            process.wait(20)
            acknowledged += [msa(answer)[2] for answer in _the_rest(line)]
            sender.join()
    found = [parse(raw).control_id for raw in _raws(home)]
    assert len(acknowledged) >= 300
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))


def _send_quietly(line: Line, several: list[bytes]) -> None:
    try:
        for raw in several:
            line.send(raw)
    except OSError:
        return


def _the_rest(line: Line) -> list[bytes]:
    try:
        return line.answers(10_000)
    except OSError:
        return []


def _cut(line: Line, seconds: float = 20.0) -> bool:
    """Whether the other end hangs up."""
    line.socket.settimeout(seconds)
    try:
        return line.socket.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def _until(done: object, seconds: float = 20.0) -> None:
    give_up = time.monotonic() + seconds
    while callable(done) and not done():
        assert time.monotonic() < give_up
        time.sleep(0.01)
