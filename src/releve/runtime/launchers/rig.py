"""The fault rig's disk: make, mount and cut an ext4 on a loop device. Root; for tests only.

``python -m releve.runtime.launchers.rig FOLDER``, standard input and output being a Unix socket:
its peer, as the kernel names it, is who asks, and FOLDER must be theirs. One JSON request a line::

    {"do": "make", "image": "FOLDER/disk", "mount": "FOLDER/mnt", "mib": 64, "uid": …, "gid": …}
    {"do": "cut"}        the disk stops where it is: what was not flushed is gone (power cut)
    {"do": "remount"}    unmount, mount again: the machine comes back
    {"do": "destroy"}

Each is answered ``{"ok": true}`` or ``{"ok": false, "why": …}``. The image loses its name as soon
as the loop device holds it, and the device frees itself when the last holder goes, so that nothing
survives the end of this program (end of input, SIGTERM).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

_LOOP_CTL_GET_FREE = 0x4C82
_LOOP_CONFIGURE = 0x4C0A
#: struct loop_config: fd, block size, then loop_info64 (flags at byte 52 of 232), then 64 bytes.
_LOOP_CONFIG = struct.Struct("=II52sI176s64x")
_LO_FLAGS_AUTOCLEAR = 4
_EXT4_IOC_SHUTDOWN = 0x8004587D
#: Stop without flushing the ext4 journal: the nearest to pulling the plug.
_NO_LOG_FLUSH = 2
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_NOATIME = 2, 4, 8, 1024
_MNT_DETACH, _UMOUNT_NOFOLLOW = 2, 8
_MAX_MIB = 1024
_BUSY_SECONDS = 3.0
_LAST_SECONDS = 0.5


class Refused(Exception):
    """A request that is not granted; the text says why, in French."""


@dataclass
class _Disk:
    """A formatted loop device (held open, else it frees itself) and where it is mounted."""

    loop: int
    device: str
    mount: str
    mounted: bool = False


class Rig:
    """At most one disk, below the current folder, for one asker."""

    def __init__(self, folder: Path, uid: int, gid: int) -> None:
        self._folder, self._uid, self._gid = folder, uid, gid
        self._disk: _Disk | None = None

    def do(self, request: dict[str, object]) -> None:
        """Grant one request; raises :class:`Refused` or ``OSError``."""
        verb = request.get("do")
        if verb == "make":
            self._make(request)
        elif verb == "cut":
            self._cut(self._present())
        elif verb == "remount":
            disk = self._present()
            _unmount(disk)
            _mount(disk)
        elif verb == "destroy":
            self.destroy()
        else:
            raise Refused(f"demande inconnue : {verb!r}")

    def destroy(self) -> None:
        """Unmount, free the device, remove the mount point; nothing when there is no disk."""
        disk, self._disk = self._disk, None
        if disk is None:
            return
        try:
            _unmount(disk, _LAST_SECONDS)
        except OSError:
            _umount2(disk.mount, _MNT_DETACH | _UMOUNT_NOFOLLOW)
        os.close(disk.loop)
        with suppress(OSError):
            os.rmdir(disk.mount)

    def _present(self) -> _Disk:
        if self._disk is None:
            raise Refused("aucun disque n'a été fait")
        return self._disk

    def _make(self, request: dict[str, object]) -> None:
        if self._disk is not None:
            raise Refused("un disque existe déjà")
        image, mount = self._name(request.get("image")), self._name(request.get("mount"))
        mib, uid, gid = (_number(request.get(key)) for key in ("mib", "uid", "gid"))
        if not 8 <= mib <= _MAX_MIB:
            raise Refused(f"taille refusée : {mib} Mio (8 à {_MAX_MIB})")
        if self._uid != 0 and (uid, gid) != (self._uid, self._gid):
            raise Refused("un disque n'est fait que pour celui qui le demande")
        loop, device = _attach(image, mib)
        try:
            _format(device, uid, gid)
            os.mkdir(mount, 0o755)
        except BaseException:
            os.close(loop)
            raise
        self._disk = _Disk(loop, device, mount)
        _mount(self._disk)

    def _name(self, path: object) -> str:
        """The one name below our folder that ``path`` means; everything else is refused."""
        if not isinstance(path, str) or Path(path).parent != self._folder:
            raise Refused(f"chemin hors de {self._folder} : {path!r}")
        name = Path(path).name
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
            raise Refused(f"nom refusé : {name!r}")
        return name

    def _cut(self, disk: _Disk) -> None:
        root = os.open(disk.mount, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.ioctl(root, _EXT4_IOC_SHUTDOWN, struct.pack("=I", _NO_LOG_FLUSH))
        finally:
            os.close(root)


def _attach(image: str, mib: int) -> tuple[int, str]:
    """A loop device over a new file of root's that nobody can name any more."""
    backing = os.open(image, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.unlink(image)
        os.ftruncate(backing, mib << 20)
        control = os.open("/dev/loop-control", os.O_RDWR)
        try:
            return _configure(control, backing)
        finally:
            os.close(control)
    finally:
        os.close(backing)


def _configure(control: int, backing: int) -> tuple[int, str]:
    while True:
        device = f"/dev/loop{fcntl.ioctl(control, _LOOP_CTL_GET_FREE)}"
        loop = os.open(device, os.O_RDWR)
        config = _LOOP_CONFIG.pack(backing, 512, bytes(52), _LO_FLAGS_AUTOCLEAR, bytes(176))
        try:
            fcntl.ioctl(loop, _LOOP_CONFIGURE, config)
            return loop, device
        except OSError as error:
            os.close(loop)
            if error.errno != errno.EBUSY:  # another rig took it first: ask for the next
                raise


def _format(device: str, uid: int, gid: int) -> None:
    options = f"root_owner={uid}:{gid},lazy_itable_init=1,nodiscard"
    command = ["/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-E", options, device]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"mkfs.ext4 : {done.stderr.strip()}")


def _mount(disk: _Disk) -> None:
    """Mount on the folder itself, held open: its name may have been swapped."""
    place = os.open(disk.mount, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _check(
            ctypes.CDLL(None, use_errno=True).mount(
                disk.device.encode(),
                f"/proc/self/fd/{place}".encode(),
                b"ext4",
                _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_NOATIME,
                None,
            )
        )
    finally:
        os.close(place)
    disk.mounted = True


def _unmount(disk: _Disk, patience: float = _BUSY_SECONDS) -> None:
    """Processes just killed may hold files for a moment more."""
    deadline = time.monotonic() + patience
    while disk.mounted:
        try:
            _umount2(disk.mount, _UMOUNT_NOFOLLOW)
            disk.mounted = False
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _umount2(place: str, flags: int) -> None:
    _check(ctypes.CDLL(None, use_errno=True).umount2(place.encode(), flags))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refused(f"nombre attendu : {value!r}")
    return value


def _asker() -> tuple[int, int]:
    """Uid and gid of who made the socket on standard input, as the kernel recorded them."""
    with socket.socket(fileno=os.dup(0)) as line:
        if line.family != socket.AF_UNIX:
            raise Refused("l'entrée n'est pas une prise Unix")
        data = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("=iII"))
    _, uid, gid = struct.unpack("=iII", data)
    return uid, gid


def _enter(folder: Path, uid: int) -> None:
    """Make ``folder`` the current one, provided that it is the asker's and not a link."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not folder.is_absolute() or os.fstat(descriptor).st_uid != uid:
            raise Refused(f"{folder} n'est pas un dossier de celui qui demande")
        os.fchdir(descriptor)
    finally:
        os.close(descriptor)


def _answer(why: str | None = None) -> None:
    answer: dict[str, object] = {"ok": True} if why is None else {"ok": False, "why": why}
    os.write(1, json.dumps(answer, ensure_ascii=False).encode() + b"\n")


def _stop(_number: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def main(arguments: list[str]) -> int:
    """Serve requests until the input ends."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the asker ends us by closing the line
    try:
        (path,) = arguments
        uid, gid = _asker()
        _enter(Path(path), uid)
    except (Refused, OSError, ValueError) as why:
        _answer(str(why))
        return 2
    rig = Rig(Path(path), uid, gid)
    try:
        for line in sys.stdin:
            try:
                request = json.loads(line)
                if not isinstance(request, dict):
                    raise Refused("un objet JSON est attendu")
                rig.do(request)
            except (Refused, OSError, ValueError) as why:
                _answer(str(why))
            else:
                _answer()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # nothing interrupts the clearing up
        rig.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
