"""A stolen machine credential turned against the backups, through the receiver's own door.

The intruder holds what the machine holds: the repository's address with its secret, and the
repository's password. It aims only at that machine's repository, which this drill filled, and at
the fence around it; loopback only. Each attempt says what it was answered; whether anything was
destroyed is for the engine to find out, by restoring.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import selectors
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import httpx

from releve.drill.simulator.processes import die_with_parent
from releve.kernel.clock import SystemClock
from releve.kernel.outward import FolderTarget, HttpTarget, Outward
from releve.kernel.world import World

_V2 = "application/vnd.x.restic.rest.v2"
_KINDS = ("data", "index", "snapshots", "keys", "locks")
_MOST = 60
_FLOOD = 200
_AT_ONCE = 6
_REFUSALS = 2
_NOWHERE = "0" * 64
_CLOCK = SystemClock()


@dataclass(frozen=True)
class Attempt:
    """``words``: what is tried, in French; ``run`` returns what the receiver answered."""

    id: str
    words: str
    run: Callable[[Intruder], str]


class Intruder(Outward):
    """What a thief with one machine's credential can do. Not thread-safe.

    ``environment``: the machine's RESTIC_REPOSITORY and RESTIC_PASSWORD; ``other``: another
    machine's name; ``work``: a folder of the drill for restic's cache and bait files (made here);
    ``known``: objects this machine posted itself (kind, name), which a thief reads in its cache.
    """

    def __init__(
        self,
        world: World,
        home: Path,
        environment: Mapping[str, str],
        other: str,
        rng: Random,
        work: Path,
        *,
        known: Iterable[tuple[str, str]] = (),
        restic: str = "restic",
        limit_s: float = 3,
    ) -> None:
        super().__init__(world, home)
        self._environment = dict(environment)
        parts = urlsplit(environment["RESTIC_REPOSITORY"].removeprefix("rest:"))
        base = f"http://{parts.hostname}:{parts.port}"
        self.admit(HttpTarget(base))
        self.admit(FolderTarget(work))
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.machine, self.other = parts.path.strip("/"), other
        self._client = httpx.Client(
            base_url=base,
            auth=(parts.username or "", parts.password or ""),
            timeout=3,
            trust_env=False,
        )
        self._rng, self._work = rng, work
        self._known = tuple(known)
        self._restic, self._limit_s = restic, limit_s

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, machine: str | None = None
    ) -> str:
        """One request below the machine's repository; its status, or « coupé »."""
        try:
            answer = self._client.request(
                method, f"/{machine or self.machine}/{path}", content=body
            )
        except httpx.HTTPError:
            return "coupé"
        return str(answer.status_code)

    def each(self, asked: Iterable[tuple[str, str, bytes | None]]) -> str:
        """Many requests; « 403 × 12 » when all were answered alike."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            counts = Counter(pool.map(lambda request: self.ask(*request), asked))
        said = [f"{status} × {count}" for status, count in sorted(counts.items())]
        return ", ".join(said) or "rien à viser"

    def names(self, kind: str) -> list[str]:
        """Objects of that kind that the receiver lists or the machine knows, at most sixty."""
        found = [name for known, name in self._known if known == kind]
        with contextlib.suppress(httpx.HTTPError, ValueError, KeyError, TypeError):
            answer = self._client.get(f"/{self.machine}/{kind}/", headers={"Accept": _V2})
            found += [str(row["name"]) for row in answer.json()]
        return list(dict.fromkeys(found))[:_MOST]

    def junk(self, size: int = 400) -> bytes:
        """Random bytes of the story."""
        return self._rng.randbytes(size)

    def restic(self, *arguments: str, stop_at: bytes = b"retrying after") -> str:
        """The real program with the stolen password, from its cache to its last word.

        Old versions retry a refusal for a quarter of an hour: it is ended at the second one, at
        ``stop_at`` when that is something else, or at the limit.
        """
        process = subprocess.Popen(
            [self._restic, *arguments],
            cwd=self._work,
            env={
                "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "HOME": str(self._work),
                "RESTIC_CACHE_DIR": str(self._work / "cache"),
                **self._environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
        said = self._listen(process, stop_at, _REFUSALS if stop_at == b"retrying after" else 1)
        if process.poll() is None:
            process.kill()
        status = process.wait()
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
        return f"restic {arguments[0]} : {'arrêté' if status < 0 else status}, {' '.join(last)}"

    def bait(self) -> Path:
        """A folder of one small file, to make snapshots of."""
        folder = self._work / "appat"
        folder.mkdir(exist_ok=True)
        (folder / "rien.txt").write_bytes(self.junk(2))
        return folder

    def new_password_file(self) -> Path:
        """A password of the intruder's own."""
        path = self._work / "autre-mot-de-passe"
        path.write_text("celui de l'intrus", "utf-8")
        return path

    def _listen(self, process: subprocess.Popen[bytes], stop_at: bytes, times: int) -> bytes:
        said, deadline = b"", _CLOCK.monotonic() + self._limit_s
        with contextlib.ExitStack() as held, selectors.DefaultSelector() as selector:
            if process.stdout is None:
                return said
            out = held.enter_context(process.stdout)
            selector.register(out, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - _CLOCK.monotonic())):
                data = os.read(out.fileno(), 65536)
                said += data
                if not data:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(max(0.0, deadline - _CLOCK.monotonic()))
                    break
                if said.count(stop_at) >= times:
                    process.kill()
                    break
        return said


def _delete(kind: str) -> Callable[[Intruder], str]:
    return lambda thief: thief.each(
        ("DELETE", f"{kind}/{name}", None) for name in thief.names(kind)
    )


def _overwrite(kind: str) -> Callable[[Intruder], str]:
    return lambda thief: thief.each(
        ("POST", f"{kind}/{name}", thief.junk()) for name in thief.names(kind)[:10]
    )


def _garbage(kind: str, count: int = 3, size: int = 400) -> Callable[[Intruder], str]:
    """Objects whose name is right for their bytes, and whose bytes mean nothing."""

    def run(thief: Intruder) -> str:
        bodies = [thief.junk(size) for _ in range(count)]
        return thief.each(
            ("POST", f"{kind}/{hashlib.sha256(body).hexdigest()}", body) for body in bodies
        )

    return run


def _climb(thief: Intruder) -> str:
    inside = thief.names("snapshots")[:1] or [_NOWHERE]
    paths = (
        f"../{thief.other}/config",
        f"%2e%2e/{thief.other}/config",
        f"..%2f{thief.other}%2fconfig",
        f"snapshots/../../{thief.other}/snapshots/{inside[0]}",
        "../../secrets/worker",
        "data/..%2f..%2f..%2f..%2fhome.json",
    )
    methods = ("GET", "DELETE", "POST")
    return thief.each((m, path, b"x" if m == "POST" else None) for path in paths for m in methods)


def _neighbour(thief: Intruder) -> str:
    counts: Counter[str] = Counter()
    for method, path in (
        ("GET", "config"), ("GET", "snapshots/"), ("DELETE", "config"), ("DELETE", ""),
        ("POST", f"index/{_NOWHERE}"), ("POST", "?create=true"),
    ):  # fmt: skip
        counts[thief.ask(method, path, b"" if method == "POST" else None, machine=thief.other)] += 1
    return ", ".join(f"{status} × {count}" for status, count in sorted(counts.items()))


def _dead_lock(thief: Intruder) -> str:
    """A real exclusive lock, left by a restic that is killed while it holds it."""
    return thief.restic("check", stop_at=b"load indexes")


def _keys(thief: Intruder) -> str:
    """Adds a key of the intruder's and removes the machine's."""
    return thief.restic("key", "passwd", "--new-password-file", str(thief.new_password_file()))


def _future(thief: Intruder) -> str:
    folder, said = str(thief.bait()), []
    for year in (2098, 2099):
        when = ("--time", f"{year}-01-01 00:00:00")
        said.append(thief.restic("backup", "-q", "--host", thief.machine, *when, folder))
    keep = ("--keep-last", "1", "--host", thief.machine, "--group-by", "host")
    return " ; ".join((*said, thief.restic("forget", *keep)))


def _forget(thief: Intruder) -> str:
    names = thief.names("snapshots")
    return thief.restic("forget", "--prune", *names) if names else "rien à viser"


#: The catalogue, in the order of its reading; the plan draws the order of the playing.
ATTEMPTS: tuple[Attempt, ...] = (
    Attempt("delete-data", "effacer les données", _delete("data")),
    Attempt("delete-index", "effacer les index", _delete("index")),
    Attempt("delete-snapshots", "effacer les instantanés", _delete("snapshots")),
    Attempt("delete-keys", "effacer les clés", _delete("keys")),
    Attempt("delete-config", "effacer la configuration", lambda t: t.ask("DELETE", "config")),
    Attempt("delete-repository", "détruire le dépôt entier", lambda t: t.ask("DELETE", "")),
    Attempt("overwrite-data", "écraser des données", _overwrite("data")),
    Attempt("overwrite-snapshots", "écraser des instantanés", _overwrite("snapshots")),
    Attempt(
        "overwrite-config",
        "réécrire la configuration",
        lambda t: t.ask("POST", "config", t.junk()),
    ),
    Attempt(
        "wrong-hash",
        "déposer un contenu sous un nom qui n'est pas le sien",
        lambda t: t.each(("POST", f"{kind}/{_NOWHERE}", t.junk()) for kind in _KINDS),
    ),
    Attempt("garbage-data", "déposer des données sans sens", _garbage("data")),
    Attempt("garbage-index", "empoisonner les index", _garbage("index")),
    Attempt("garbage-snapshots", "empoisonner les instantanés", _garbage("snapshots")),
    Attempt("garbage-keys", "empoisonner les clés", _garbage("keys")),
    Attempt("garbage-locks", "empoisonner les verrous", _garbage("locks")),
    Attempt("many-locks", "poser beaucoup de verrous", _garbage("locks", _FLOOD, 40)),
    Attempt("flood", "inonder de petits objets", _garbage("data", _FLOOD, 40)),
    Attempt("dead-lock", "laisser un vrai verrou exclusif", _dead_lock),
    Attempt("traversal", "remonter vers d'autres dossiers", _climb),
    Attempt("neighbour", "viser le dépôt d'une autre machine", _neighbour),
    Attempt("restic-forget", "oublier et purger avec restic", _forget),
    Attempt("restic-keys", "changer les clés avec restic", _keys),
    Attempt(
        "restic-rebuild-index",
        "reconstruire les index avec restic",
        lambda t: t.restic("rebuild-index"),
    ),
    Attempt("future", "dater des instantanés du futur, puis oublier les vrais", _future),
)
BY_ID: Mapping[str, Attempt] = {attempt.id: attempt for attempt in ATTEMPTS}
