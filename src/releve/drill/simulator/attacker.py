"""The encrypting process of a drill. It is dangerous by trade, so it is narrow by construction.

It is handed one directory descriptor (3), a log (4), a life pipe (5) and, on standard input, an
:class:`Order`. It never opens a path: each name is resolved beneath that descriptor, one component
at a time, links never followed. It refuses

* to run as root, or with anything but its own empty network where that was promised;
* a folder that is not the very one made by this run (device, inode, owner, marker and nonce);
* a file reached through a link or another mount, with several names, not regular, of another owner;
* more files or bytes than its caps.

It writes before and after each file in its log, leaves its key in the folder, and ends at once
when the engine's end of the life pipe closes or its parent dies. The encryption is a key stream
(AES-256-CTR) laid over chosen ranges: :func:`decrypt` undoes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from releve.drill.simulator.errors import AttackRefused
from releve.drill.simulator.processes import die_with_parent
from releve.kernel.clock import SystemClock, iso
from releve.kernel.units import KIB, MIB

FOLDER_FD, LOG_FD, LIFE_FD = 3, 4, 5
MARKER = ".releve-exercice"
KEY_FILE = "CLE-DE-L-EXERCICE.txt"
_MAX_FILE = 16 * MIB
_CLOCK = SystemClock()


@dataclass(frozen=True)
class Order:
    """What the engine asks, and what it recorded of the folder when it made it.

    ``key`` is 64 hexadecimal digits; ``targets`` are (path beneath the folder, pattern).
    """

    nonce: str
    device: int
    inode: int
    owner: int
    key: str
    files_per_s: float
    max_files: int
    max_bytes: int
    network_must_be_cut: bool
    targets: list[tuple[str, str]]

    def write(self) -> bytes:
        """As it goes through the pipe."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, data: bytes) -> Order:
        """The inverse of :meth:`write`."""
        fields = json.loads(data)
        fields["targets"] = [(str(path), str(pattern)) for path, pattern in fields["targets"]]
        return cls(**fields)


def marker_text(nonce: str, device: int, inode: int) -> bytes:
    """The marker's content: bound to the folder it was made in, so that a copy proves nothing."""
    return f"exercice {nonce} {device}:{inode}\n".encode()


def main() -> int:
    """Play the order; 0 = done, 3 = refused (the log's last line says why)."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log = Log(LOG_FD)
    try:
        order = Order.read(sys.stdin.buffer.read())
        network = _network()
        log.line("start", uid=os.getuid(), gid=os.getgid(), network=network)
        attack = Attack(order, FOLDER_FD, log)
        attack.check(network)
        attack.play(LIFE_FD)
    except AttackRefused as refusal:
        log.line("refused", why=str(refusal))
        return 3
    log.line("end", files=attack.files, bytes=attack.bytes)
    return 0


class Attack:
    """One order played on one directory descriptor."""

    def __init__(self, order: Order, folder: int, log: Log) -> None:
        self.order, self._folder, self._log = order, folder, log
        self.files = self.bytes = 0
        self._mount = _mount(folder)

    def check(self, network: str) -> None:
        """Raise :class:`AttackRefused` unless this is the folder made by this run, and not root."""
        if 0 in os.getresuid():
            raise AttackRefused(why="il ne s'exécute jamais en administrateur")
        if self.order.network_must_be_cut and network != "aucun":
            raise AttackRefused(why="le réseau devait être coupé")
        status = os.fstat(self._folder)
        if not stat.S_ISDIR(status.st_mode):
            raise AttackRefused(why="il n'a pas reçu un dossier")
        if (status.st_dev, status.st_ino) != (self.order.device, self.order.inode):
            raise AttackRefused(why="ce n'est pas le dossier que cet exercice a créé")
        if status.st_uid != self.order.owner:
            raise AttackRefused(why="le dossier a changé de propriétaire")
        self._check_marker()

    def play(self, life: int) -> None:
        """Encrypt each target in turn at the ordered rate; a refused one is logged and left."""
        self._leave_key()
        for path, pattern in self.order.targets:
            if self.files >= self.order.max_files:
                raise AttackRefused(
                    why=f"le plafond de {self.order.max_files} fichiers est atteint"
                )
            try:
                self._strike(path, pattern)
            except AttackRefused as refusal:
                self._log.line("left", path=path, why=str(refusal))
            except OSError as error:
                self._log.line("left", path=path, why=os.strerror(error.errno or 0))
            if not _alive(life, 1 / self.order.files_per_s):
                os._exit(4)

    def _strike(self, path: str, pattern: str) -> None:
        descriptor = self._open(path)
        try:
            status = os.fstat(descriptor)
            self._check_file(status, descriptor)
            if status.st_size > _MAX_FILE or self.bytes + status.st_size > self.order.max_bytes:
                raise AttackRefused(why="le plafond d'octets serait dépassé")
            data = os.pread(descriptor, status.st_size, 0)
            self._log.line("before", path=path, pattern=pattern, size=len(data))
            stream = keystream(bytes.fromhex(self.order.key), path, len(data))
            first: str | None = None
            for start, end in ranges(pattern, len(data)):
                os.pwrite(descriptor, _xor(data[start:end], stream[start:end]), start)
                first = first or iso(_CLOCK.now())
        finally:
            os.close(descriptor)
        self.files, self.bytes = self.files + 1, self.bytes + len(data)
        self._log.line("after", path=path, first_byte=first)

    def _open(self, path: str) -> int:
        """Open for writing beneath the folder: no link, no ``..``, no other mount, no pipe."""
        names = path.split("/")
        if not all(names) or any(name in (".", "..") for name in names):
            raise AttackRefused(why=f"chemin interdit : {path}")
        if names[-1] in (MARKER, KEY_FILE):
            raise AttackRefused(why="le marqueur et la clé restent lisibles")
        place = os.dup(self._folder)
        try:
            for name in names[:-1]:
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
                os.close(place)
                place = inner
                self._check_mount(place)
            seen = os.stat(names[-1], dir_fd=place, follow_symlinks=False)
            self._check_file(seen, place)
            return os.open(names[-1], os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
        finally:
            os.close(place)

    def _check_file(self, status: os.stat_result, descriptor: int) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise AttackRefused(why="ce n'est pas un fichier ordinaire")
        if status.st_nlink != 1:
            raise AttackRefused(why="ce fichier a plusieurs noms")
        if status.st_uid != self.order.owner:
            raise AttackRefused(why="ce fichier est à quelqu'un d'autre")
        if status.st_dev != self.order.device:
            raise AttackRefused(why="ce fichier est sur un autre montage")
        self._check_mount(descriptor)

    def _check_mount(self, descriptor: int) -> None:
        """The mount's number tells a bind mount of the same device, which ``st_dev`` does not."""
        if os.fstat(descriptor).st_dev != self.order.device or _mount(descriptor) != self._mount:
            raise AttackRefused(why="un autre montage est sur le chemin")

    def _check_marker(self) -> None:
        try:
            descriptor = os.open(MARKER, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self._folder)
        except OSError as error:
            raise AttackRefused(why="le dossier ne porte pas le marqueur") from error
        try:
            self._check_file(os.fstat(descriptor), descriptor)
            found = os.read(descriptor, KIB)
        finally:
            os.close(descriptor)
        if found != marker_text(self.order.nonce, self.order.device, self.order.inode):
            raise AttackRefused(why="le marqueur n'est pas celui de cet exercice")

    def _leave_key(self) -> None:
        text = (
            "EXERCICE Relève : ces fichiers ont été chiffrés pour de faux par le simulateur.\n"
            f"Clé (AES-256-CTR, une suite par fichier) : {self.order.key}\n"
        )
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            descriptor = os.open(KEY_FILE, flags, 0o644, dir_fd=self._folder)
        except FileExistsError:
            raise AttackRefused(why="une clé est déjà là : une attaque par dossier") from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def decrypt(data: bytes, key: bytes, path: str, pattern: str) -> bytes:
    """What the file at ``path`` (as the order named it) held before; also what encrypts it."""
    stream, mended = keystream(key, path, len(data)), bytearray(data)
    for start, end in ranges(pattern, len(data)):
        mended[start:end] = _xor(data[start:end], stream[start:end])
    return bytes(mended)


def ranges(pattern: str, size: int) -> Iterator[tuple[int, int]]:
    """The byte ranges a pattern covers; raises :class:`AttackRefused` for an unknown one."""
    steps = {
        "full": (max(size, 1), max(size, 1)),
        "head": (4 * KIB, max(size, 4 * KIB)),
        "intermittent": (4 * KIB, 16 * KIB),
        "stripes": (16, 32),
    }
    if pattern not in steps:
        raise AttackRefused(why=f"motif inconnu : {pattern}")
    covered, step = steps[pattern]
    for start in range(0, size, step):
        yield start, min(start + covered, size)


def keystream(key: bytes, path: str, size: int) -> bytes:
    """AES-256-CTR from a counter that depends on the path: no two files share a stream."""
    counter = hashlib.sha256(path.encode()).digest()[:16]
    return Cipher(algorithms.AES256(key), modes.CTR(counter)).encryptor().update(bytes(size))


def _xor(left: bytes, right: bytes) -> bytes:
    size = len(left)
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(size)


def _alive(life: int, wait: float) -> bool:
    """Sleep ``wait`` seconds; False as soon as the engine's end of the pipe is closed."""
    ready, _, _ = select.select([life], [], [], wait)
    return not ready


def _mount(descriptor: int) -> str:
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as info:
        for line in info:
            if line.startswith("mnt_id:"):
                return line.split()[1]
    raise AttackRefused(why="le noyau ne dit pas sur quel montage on est")


def _network() -> str:
    """« aucun » when not even this machine's own loopback can be reached; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("127.0.0.1", 9))
        except OSError:
            return "aucun"
    return "celui de la machine"


class Log:
    """JSON lines on an inherited descriptor, each written in one call, dated by this machine."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def line(self, event: str, **fields: object) -> None:
        said = {"at": iso(_CLOCK.now()), "event": event, **fields}
        os.write(self._descriptor, json.dumps(said, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    raise SystemExit(main())
