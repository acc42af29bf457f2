"""The « poste de continuité »: outside the domain, it pulls kits, keeps the last good ones, and
opens them in a browser when nothing else is left.

:class:`ContinuityMachine` copies; :class:`Browser` is a child process (``python -m
releve.drill.simulator.kit_browser``) that drives the machine's own Chromium. It knows of a kit what
a nurse sees: a field for the code, a button, one line per patient.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from releve.drill.simulator.processes import Child
from releve.kernel.errors import ReleveError

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_SIGNATURE = ".sig"
#: A kit begins and ends so; what a ransomware leaves in its place does not.
_FIRST, _LAST = b"<!doctype html", b"</html>"
_TRIES, _MOMENT_S = 3, 0.05


class KitNotOpened(ReleveError):
    """Le kit {kit} ne s'est pas ouvert dans le navigateur : {why}."""

    next_step = "Ouvrez ce fichier dans un navigateur et tapez le code de la carte du service."


@dataclass(frozen=True)
class Opened:
    """What a kit showed. ``seconds``: from the order to the census on screen; ``marker_at``: the
    monotonic counter when the name asked for became visible, None when it never did (or was not
    asked for); ``requests``: what the page asked of any network, refused: must be 0.
    """

    patients: int
    ipps: frozenset[str]
    texts: tuple[str, ...]
    seconds: float
    marker_at: float | None
    requests: int

    def shows(self, name: str) -> bool:
        """True when a patient's line holds that name, whatever the case."""
        return any(name.casefold() in text.casefold() for text in self.texts)


@dataclass(frozen=True)
class Pulled:
    """``fresh``: wards whose copy was renewed; ``kept``: wards whose source is missing or damaged
    while an older good copy stays.
    """

    fresh: tuple[str, ...]
    kept: tuple[str, ...]


class ContinuityMachine:
    """Copies the kits of ``source`` into ``folder`` (made here); nothing is ever pushed to it.

    ``start`` pulls every ``period_s`` in a thread until ``stop``; ``pull`` may be called too.
    """

    def __init__(self, source: Path, folder: Path, period_s: float = 5) -> None:
        self.source, self.folder, self._period_s = source, folder, period_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start(self) -> None:
        """Pull now and then."""
        self._thread = threading.Thread(target=self._run, name="continuity", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Pull no more; idempotent. The copies stay."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def pull(self) -> Pulled:
        """Copy what changed, each kit with its signature; a kit appears whole or not at all."""
        with self._lock:
            wards = sorted({path.stem for path in self._seen()} | set(self.kits()))
            renewed = {ward: self._copy(ward) for ward in wards}
        return Pulled(
            fresh=tuple(ward for ward, good in renewed.items() if good),
            kept=tuple(ward for ward, good in renewed.items() if good is None),
        )

    def kits(self) -> dict[str, Path]:
        """Ward → its last good kit on this machine."""
        return {path.stem: path for path in sorted(self.folder.glob("*.html"))}

    def _run(self) -> None:
        while not self._stopping.wait(self._period_s):
            self.pull()

    def _seen(self) -> list[Path]:
        try:
            return sorted(self.source.glob("*.html"))
        except OSError:
            return []

    def _copy(self, ward: str) -> bool | None:
        """True = renewed, False = already the same, None = the source is not good."""
        kit = self.folder / f"{ward}.html"
        mark = self.folder / f"{ward}.html{_SIGNATURE}"
        had = (_bytes(kit), _bytes(mark))
        pair = self._read_pair(ward, had)
        if pair is None or pair == had:
            return None if pair is None else False
        for path, data in zip((kit, mark), pair, strict=True):
            beside = path.with_name(f".{path.name}.tmp")
            beside.write_bytes(data)
            os.replace(beside, path)
        return True

    def _read_pair(self, ward: str, had: tuple[bytes, bytes]) -> tuple[bytes, bytes] | None:
        """A kit with its signature. They are two files: one renewed without the other is read
        again a moment later.
        """
        kit, mark = self.source / f"{ward}.html", self.source / f"{ward}.html{_SIGNATURE}"
        for _ in range(_TRIES):
            signature, page = _bytes(mark), _bytes(kit)
            half_new = (page == had[0]) != (signature == had[1])
            if page and signature and not half_new and signature == _bytes(mark):
                return (page, signature) if _is_page(page) else None
            self._stopping.wait(_MOMENT_S)
        return None


def chromium() -> str | None:
    """The machine's own browser; None when there is none."""
    return next(filter(None, map(shutil.which, _CHROMIUMS)), None)


class Browser:
    """A Chromium without network, in a child process, for kits opened one after the other.

    Raises :class:`KitNotOpened` when it cannot start. ``work``: a folder for what it leaves.
    """

    def __init__(self, executable: str, work: Path) -> None:
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._child = Child("releve.drill.simulator.kit_browser", [executable, str(work)])
        ready = self._child.read()
        if ready is None or ready["event"] != "ready":
            self._child.stop()
            why = str(ready["why"]) if ready else "le navigateur ne démarre pas"
            raise KitNotOpened(kit="–", why=why)

    @property
    def pid(self) -> int:
        """The child that drives the browser."""
        return self._child.process.pid

    def open(self, kit: Path, code: str, marker: str = "", timeout_s: float = 30) -> Opened:
        """Type the code and read the census; raises :class:`KitNotOpened` with what it showed."""
        order = {"kit": str(kit), "code": code, "marker": marker, "timeout_s": timeout_s}
        self._child.send(order)
        return _opened(kit, self._child.read())

    def close(self) -> None:
        """End the browser; idempotent."""
        self._child.stop()

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_in_chromium(
    kit: Path, code: str, work: Path, marker: str = "", timeout_s: float = 30
) -> Opened | None:
    """Start a browser, open one kit, end the browser; None when this machine has no Chromium.

    ``seconds`` then counts from the order to start. Raises :class:`KitNotOpened`.
    """
    executable = chromium()
    if executable is None:
        return None
    with Browser(executable, work) as browser:
        return browser.open(kit, code, marker, timeout_s)


def _opened(kit: Path, said: Mapping[str, object] | None) -> Opened:
    if said is None or said["event"] != "opened":
        why = str(said["why"]) if said else "le navigateur s'est arrêté"
        raise KitNotOpened(kit=kit.name, why=why)
    lines = said["lines"]
    if not isinstance(lines, list):
        raise KitNotOpened(kit=kit.name, why="réponse illisible du navigateur")
    at = said["marker_at"]
    return Opened(
        patients=len(lines),
        ipps=frozenset(str(ipp) for ipp, _ in lines),
        texts=tuple(str(text) for _, text in lines),
        seconds=float(str(said["seconds"])),
        marker_at=None if at is None else float(str(at)),
        requests=int(str(said["requests"])),
    )


def _is_page(data: bytes) -> bool:
    return data[:200].lstrip().lower().startswith(_FIRST) and data.rstrip().endswith(_LAST)


def _bytes(path: Path) -> bytes:
    """Empty when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
