"""What ``./run care`` does: beside a living service when there is one, by itself otherwise."""

from __future__ import annotations

import errno
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from releve.care import facts
from releve.care import replay as feed_file
from releve.care.errors import MonthIsCurrent, MonthUnknown
from releve.care.intake import Intake
from releve.care.keys import MonthKeys, check_month, month_of
from releve.care.orders import Orders
from releve.care.progress import projected, tell
from releve.care.projection import ViewsMissing, octets_digest
from releve.care.rebuilding import Rebuilt, durable_count, feed
from releve.care.rebuilding import rebuild as rebuild_views
from releve.care.replay import Sent
from releve.care.views import Views, views_path
from releve.kernel.clock import Clock, SystemClock
from releve.kernel.durable import make_folder, write_durably
from releve.kernel.hold import check_free
from releve.kernel.home import Home, HomeBusy, sole_writer
from releve.retention.errors import BadAddress
from releve.runtime.care_facts import CareFacts
from releve.runtime.settings import LOOPBACK, listener_port, mllp_address
from releve.runtime.supervisor import PortTaken

_LISTENER = "releve.runtime.listener"
_REBUILD_SECONDS = 3600.0
_PROJECTION_SECONDS = 30.0
_STOP_SECONDS = 8.0
#: (number in the file from 1, first octet, reason).
Place = tuple[int, int, str]


@dataclass(frozen=True)
class Replayed:
    """What became of a file's messages. ``taken``: in the journal; ``waiting``: not yet in the
    views. A message whose good part is projected may be in ``quarantined`` too.
    """

    messages: int
    taken: int
    duplicates: int
    unprojected: int
    quarantined: tuple[Place, ...] = ()
    refused: tuple[Place, ...] = ()
    waiting: int = 0

    def figures(self) -> dict[str, object]:
        """As ``--json`` writes it."""
        return {
            "messages": self.messages,
            "taken": self.taken,
            "duplicates": self.duplicates,
            "unprojected": self.unprojected,
            "quarantined": [_figure(place) for place in self.quarantined],
            "refused": [_figure(place) for place in self.refused],
            "waiting": self.waiting,
        }


def replay(home: Home, name: str, data: bytes, clock: Clock) -> Replayed:
    """Take every message of ``data``; raises ``UnreadableFeed`` when there is none."""
    messages = feed_file.read_messages(name, data)
    address = listener_address(home)
    if address is not None:
        return _beside(home, address, messages)
    with sole_writer(home, "projector"), Intake.open(home) as intake:
        make_folder(views_path(home).parent)
        feed(home, views_path(home), len(intake))
        sent = feed_file.keep(intake, messages, clock)
        tally = feed(home, views_path(home), len(intake))
        tell(home, len(intake))
    set_aside = [*tally.quarantined, *_again(home, sent, dict(tally.quarantined))]
    return _told(sent, tally.duplicates, tally.unprojected, set_aside)


def _beside(
    home: Home, address: tuple[str, int], messages: Sequence[tuple[int, bytes]]
) -> Replayed:
    """By MLLP to the living listener; then what the living projector made of it.

    Duplicates and messages without view are counted over what the projector did meanwhile: those of
    other senders in the same seconds are in them. Quarantine is exact, by place in the journal.
    """
    before = _counts(home)
    sent = feed_file.send(address, messages)
    last = max((one.index for one in sent if one.index is not None), default=-1)
    give_up = time.monotonic() + _PROJECTION_SECONDS
    while projected(home) <= last and time.monotonic() < give_up:
        time.sleep(0.02)
    waiting = sum(1 for one in sent if one.index is not None and one.index >= projected(home))
    after = _counts(home)
    duplicates, unprojected = (b - a for a, b in zip(before, after, strict=True))
    first = min((one.index for one in sent if one.index is not None), default=0)
    set_aside = _set_aside(home, first) if last >= 0 and waiting < len(sent) else []
    set_aside += _again(home, sent, dict(set_aside))
    return _told(sent, duplicates, unprojected, set_aside, waiting)


def _counts(home: Home) -> tuple[int, int]:
    """Duplicates and messages without view, so far."""
    try:
        state = Views(views_path(home)).feed(SystemClock().now())
    except ViewsMissing:
        return 0, 0
    return state.duplicates, sum(kind.count for kind in state.unprojected)


def _set_aside(home: Home, first: int) -> list[tuple[int, str]]:
    """(index, reason) of what waits in quarantine from record ``first`` on."""
    views, found, before = Views(views_path(home)), list[tuple[int, str]](), None
    while page := views.quarantine(500, before):
        found += [(one.source, one.reason) for one in page if one.source >= first]
        before = page[-1].source
        if before < first:
            break
    return found


def _again(home: Home, sent: Sequence[Sent], said: Mapping[int, str]) -> list[tuple[int, str]]:
    """(index, reason) of messages whose octets came before and still wait in quarantine: as
    duplicates they had no effect now.
    """
    octets = {
        one.index: octets_digest(one.raw)
        for one in sent
        if one.index is not None and one.index not in said
    }
    try:
        waiting = Views(views_path(home)).waiting(sorted(set(octets.values())))
    except ViewsMissing:
        return []
    return [
        (index, f"déjà en quarantaine : {waiting[digest].reason}")
        for index, digest in octets.items()
        if digest in waiting and waiting[digest].source < index
    ]


def _told(
    sent: Sequence[Sent],
    duplicates: int,
    unprojected: int,
    set_aside: Sequence[tuple[int, str]],
    waiting: int = 0,
) -> Replayed:
    reasons = dict(set_aside)
    return Replayed(
        messages=len(sent),
        taken=sum(one.index is not None for one in sent),
        duplicates=duplicates,
        unprojected=unprojected,
        quarantined=tuple(
            (one.number, one.offset, reasons[one.index])
            for one in sent
            if one.index is not None and one.index in reasons
        ),
        refused=tuple((one.number, one.offset, one.refusal) for one in sent if one.index is None),
        waiting=waiting,
    )


def _figure(place: Place) -> dict[str, object]:
    return {"message": place[0], "offset": place[1], "reason": place[2]}


def listener_address(home: Home) -> tuple[str, int] | None:
    """Where the living listener of this home is, from ``run/endpoints.json``; None without one.

    A machine that stopped at once leaves that file, and another program may have that port since:
    patients are sent there only while the process that ``run/parts.json`` names is a listener.
    """
    if not _listens(home):
        return None
    try:
        endpoint = str(json.loads((home.run / "endpoints.json").read_bytes())["listener"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    host, _, port = endpoint.removeprefix("mllp://").rstrip("/").rpartition(":")
    try:
        address = host.strip("[]"), int(port)
        socket.create_connection(address, 5).close()
    except (OSError, ValueError):
        return None
    return address


def _listens(home: Home) -> bool:
    try:
        pid = int(json.loads((home.run / "parts.json").read_bytes())["listener"]["pid"])
        return _LISTENER.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def rebuild(home: Home) -> Rebuilt:
    """By the living projector, or here; raises ``ProjectorSilent``, ``RebuildFailed``."""
    try:
        with sole_writer(home, "projector"):
            done = rebuild_views(home, durable_count(home))
            tell(home, done.records)
            return done
    except HomeBusy:
        return Orders(home).ask(_REBUILD_SECONDS)


def forget(home: Home, month: str, clock: Clock, *, this_month: bool) -> Rebuilt:
    """Destroy a month's key, say it in the ledger, then remake the views without it. Asked again
    after a death or a failure, it finishes what is left: the destruction is told once.

    Raises ``RetentionHeld`` while retention is frozen, ``MonthIsCurrent``, ``BadMonth``,
    ``MonthUnknown``; for the month that runs,
    ``JournalBusy`` while a listener lives: what it received under a key that it still holds in
    memory would be lost at once.
    """
    check_free(home)
    keys, now = MonthKeys(home), clock.now()
    with ExitStack() as stack:
        if check_month(month) >= month_of(now):
            if not this_month:
                raise MonthIsCurrent(month=month)
            stack.enter_context(Intake.open(home))
        if not keys.destroy(month, now) and month not in keys.destroyed():
            known = ", ".join(keys.months()) or "aucun"
            raise MonthUnknown(month=month, why="rien n'a été reçu ce mois-là", known=known)
    try:
        CareFacts(home).record([facts.forgotten(month, keys.destroyed_at(month) or now)])
    finally:  # a ledger that refuses leaves nothing of the month either
        done = rebuild(home)
    return done


def listen(home: Home, port: int, say: Callable[[str], None], where: str = LOOPBACK) -> int:
    """The listener and the projector of a home without ``serve``, until told to stop: 0.

    ``port`` 0: the one this home remembers, the same as under ``serve``; ``where``: an IP address
    of this machine, which :func:`releve.runtime.retention.may_listen` allowed. 1 when one of them
    ended by itself. Raises ``PortTaken``, ``HomeBusy``, ``BadAddress``.
    """
    port = port or listener_port(home)
    endpoints = home.run / "endpoints.json"
    with sole_writer(home, "serve"), ExitStack() as stack:
        peers = stack.enter_context(_bound(where, port))
        address = mllp_address(peers)
        parts = [
            stack.enter_context(_part("listener", home, peers.fileno())),
            stack.enter_context(_part("projector", home, None)),
        ]
        for name, process in zip(("listener", "projector"), parts, strict=True):
            assert process.stdout is not None  # noqa: S101  (asked for a line above)
            if not process.stdout.readline():
                _end(parts)
                say(f"{name} : n'a pas démarré.")
                return 1
        lives = {"listener": {"pid": parts[0].pid}, "projector": {"pid": parts[1].pid}}
        write_durably(home.run / "parts.json", json.dumps(lives).encode(), mode=0o644)
        write_durably(endpoints, json.dumps({"listener": address}).encode(), mode=0o644)
        say(f"À l'écoute : {address} Ctrl-C pour arrêter.")
        try:
            return _watch(parts, say)
        finally:
            endpoints.unlink(missing_ok=True)
            (home.run / "parts.json").unlink(missing_ok=True)
            _end(parts)


def _bound(where: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in where else socket.AF_INET
    try:
        return socket.create_server((where, port), family=family, backlog=512)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise BadAddress(address=where) from error
        raise PortTaken(port=port, part="listener") from error


def _part(name: str, home: Home, handed: int | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"releve.runtime.{name}", "--home", str(home.path)]
    if handed is not None:
        command += ["--fd", str(handed)]
    fds = () if handed is None else (handed,)
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        pass_fds=fds,
        start_new_session=True,  # Ctrl-C is for this process, which stops them in order
    )


def _watch(parts: Sequence[subprocess.Popen[bytes]], say: Callable[[str], None]) -> int:
    stopped: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    while not stopped:
        for process in parts:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
                say(f"Arrêt inattendu (code {process.returncode}).")
                return 1
    return 0


def _end(parts: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in parts:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
