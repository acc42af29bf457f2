"""``/supervision/metriques``: figures for the hospital's supervision, in Prometheus' text format.

Counts, ages and the names of parts; no name of patient, person, ward or machine. Opened by one
token (``./run account metrics-token``), not by an account: a page asked every minute must not keep
a session alive. A figure that cannot be read is left out and its source is named in
``releve_unread``: zero would read as « all is well ».
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography import x509
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from releve import __version__
from releve.care.kit.facts import PUBLISHED
from releve.care.projection import ViewsMissing
from releve.care.views import Views, views_path
from releve.incident.app.desk import current
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.ledger.place import Place
from releve.pages.house import current_home
from releve.pages.rights import anyone
from releve.runtime.faults import FAULT
from releve.runtime.lives import lives
from releve.runtime.supervision_token import opens
from releve.vault.state import read_states
from releve.web.entries import Entries, entries

_log = logging.getLogger("releve.supervision")
_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Reader = Callable[["Page"], None]


@anyone
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures; 401 without the token, whether one exists or not."""
    home = current_home()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not opens(home, token.strip()):
        refusal = HttpResponse("jeton manquant ou refusé\n", _TYPE, 401)
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal
    return HttpResponse(exposition(home, entries(), timezone.now()), _TYPE)


def exposition(home: Home, log: Entries, now: datetime) -> bytes:
    """Every figure of ``home`` at ``now``."""
    page = Page(home, log, now)
    unread = page.gauge("unread", "1 = ces chiffres n'ont pas pu être lus", "source")
    for name, read in _READERS.items():
        failed = 0
        try:
            read(page)
        except (ReleveError, OSError, sqlite3.Error) as error:
            _log.warning("supervision, %s : %s", name, type(error).__name__)
            failed = 1
        unread.labels(name).set(failed)
    return generate_latest(page.registry)


class Page:
    """One answer: a registry of its own, so that nothing of this process leaks into it."""

    def __init__(self, home: Home, log: Entries, now: datetime) -> None:
        self.home, self.log, self.now = home, log, now
        self.registry = CollectorRegistry(auto_describe=False)

    def gauge(self, name: str, words: str, *labels: str) -> Gauge:
        """A figure named ``releve_<name>``."""
        return Gauge(f"releve_{name}", words, labels, registry=self.registry)

    def age(self, name: str, words: str, since: datetime | None) -> None:
        """An age in seconds, never below 0; left out when nothing was ever seen."""
        if since is not None:
            seconds = max(0.0, (self.now - since).total_seconds())
            self.gauge(f"{name}_age_seconds", words).set(seconds)


def _program(page: Page) -> None:
    info = page.gauge("info", "version du programme, monde du dossier", "version", "world")
    info.labels(__version__, page.home.world.value).set(1)


def _parts(page: Page) -> None:
    up = page.gauge("part_up", "1 = la pièce vit", "part")
    starts = page.gauge("part_starts", "démarrages depuis que ce compte est tenu", "part")
    for name, life in lives(page.home).items():
        up.labels(name).set(life.alive)
        starts.labels(name).set(life.starts)


def _faults(page: Page) -> None:
    count = page.gauge("part_faults", "dernier compte d'erreurs dit au registre", "part")
    last = page.gauge("part_last_fault_age_seconds", "âge de la dernière erreur dite", "part")
    for entry in page.log.latest(FAULT):
        said = entry.evidence
        value = said.value if isinstance(said.value, int | float) else 0
        count.labels(said.system).set(value)
        last.labels(said.system).set(max(0.0, (page.now - said.when).total_seconds()))


def _backups(page: Page) -> None:
    states = list(read_states(page.home.path))
    page.gauge("machines", "machines inscrites au coffre").set(len(states))
    verdicts: Counter[str] = Counter(
        {"clean": 0, "doubtful": 0, "alarm": 0, "other-paths": 0, "invalid": 0, "none": 0}
    )
    verdicts.update(state.last.verdict if state.last else "none" for state in states)
    shown = page.gauge("machines_by_last_verdict", "machines, par verdict du dernier", "verdict")
    for verdict, count in verdicts.items():
        shown.labels(verdict).set(count)
    alarms = sum(state.alarm is not None for state in states)
    page.gauge("machines_with_alarm", "machines dont une alarme est gardée").set(alarms)
    clean = [state.last_clean.received for state in states if state.last_clean]
    page.age("newest_clean_backup", "la plus récente sauvegarde saine", max(clean, default=None))
    page.age("oldest_clean_backup", "la machine la plus en retard", min(clean, default=None))


def _feed(page: Page) -> None:
    try:
        feed = Views(views_path(page.home)).feed(page.now)
    except ViewsMissing:
        return  # no message was ever received here
    page.age("feed", "dernier message reçu du flux des patients", feed.as_of)
    page.gauge("feed_silent_sources", "sources muettes").set(sum(s.silent for s in feed.sources))
    page.gauge("quarantine", "messages non lus").set(feed.quarantined)


def _kits(page: Page) -> None:
    made = [entry.evidence.when for entry in page.log.latest(PUBLISHED)]
    page.gauge("kits", "services qui ont un kit").set(len(made))
    page.age("oldest_kit", "le plus vieux des kits en place", min(made, default=None))


def _ledger(page: Page) -> None:
    page.gauge("ledger_entries", "entrées du registre").set(page.log.count())
    place = Place(page.home)
    size = sum(path.stat().st_size for path in place.journal.glob("*.journal"))
    page.gauge("ledger_journal_bytes", "taille du journal du registre").set(size)
    newest = max((entry.evidence.when for entry in page.log.all_latest()), default=None)
    page.age("ledger_last_append", "dernière entrée du registre", newest)


def _disk(page: Page) -> None:
    disk = os.statvfs(page.home.path)
    page.gauge("disk_free_bytes", "place libre sur le disque").set(disk.f_bavail * disk.f_frsize)
    page.gauge("disk_bytes", "taille du disque").set(disk.f_blocks * disk.f_frsize)


def _crisis(page: Page) -> None:
    page.gauge("crisis_open", "1 = une crise est ouverte").set(current() is not None)


def _certificates(page: Page) -> None:
    folder = page.home.secrets("tls")
    days = page.gauge("certificate_days_left", "jours avant la fin du certificat", "file")
    for path in sorted(folder.glob("*.pem")) if folder.is_dir() else []:
        until = _until(path)
        if until is not None:
            days.labels(path.stem).set(round((until - page.now).total_seconds() / 86400, 2))


def _until(path: Path) -> datetime | None:
    """When the first certificate of a file ends; None when it holds none."""
    with suppress(ValueError, PermissionError):
        return x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
    return None


_READERS: dict[str, Reader] = {
    "program": _program,
    "parts": _parts,
    "faults": _faults,
    "backups": _backups,
    "feed": _feed,
    "kits": _kits,
    "ledger": _ledger,
    "disk": _disk,
    "crisis": _crisis,
    "certificates": _certificates,
}
