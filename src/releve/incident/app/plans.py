"""The « plan bleu numérique »: answers kept, the plan made and registered as a copy, held one hour.

The residents' PDF is read in memory and never kept. The plan made from it lies in the home,
enciphered under a key that only the page shown to its author holds, until it is an hour old.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction

from releve.establishment import current
from releve.incident.app import copies
from releve.incident.app.facts import tell
from releve.incident.app.plan_rows import PlanAnswers
from releve.incident.binder.esms import (
    BluePlan,
    CareHome,
    Copy,
    Roll,
    make,
    read_record,
    recognise,
)
from releve.incident.binder.esms.errors import PlanGone
from releve.incident.logbook import Author
from releve.kernel.durable import create_durably, make_folder
from releve.kernel.hold import held
from releve.kernel.home import Home
from releve.kernel.world import World
from releve.pages.house import current_home
from releve.pages.models import Account

PLAN = "plan-bleu"
SAVED = "incident.plan.saved"
HELD = timedelta(hours=1)
_FOLDER = "plans"
_NONCE, _KEY = 12, 32


@dataclass(frozen=True)
class Made:
    """A plan made: its number in the register of copies, what it is, and how to fetch it."""

    number: int
    plan: BluePlan
    roll: Roll | None
    token: str
    key: str


def answers_of(place: str) -> CareHome:
    """The last answers of a home; empty ones when there are none."""
    row = PlanAnswers.objects.filter(place=place).last()
    known = {field.name for field in fields(CareHome)}
    kept = row.answers if row is not None else {}
    return CareHome(**{name: value for name, value in kept.items() if name in known})


def save(place: str, home: CareHome, account: Account, now: datetime) -> None:
    """Keep the answers as a new version when they changed; the fact goes with it."""
    with transaction.atomic():
        last = PlanAnswers.objects.filter(place=place).last()
        if last is not None and last.answers == asdict(home):
            return
        version = last.version + 1 if last is not None else 1
        PlanAnswers.objects.create(
            place=place, version=version, saved_at=now, account=account, answers=asdict(home)
        )
        given = sum(bool(home.said(field.name)) for field in fields(CareHome))
        tell(SAVED, "decision", now, given, unit="réponses", place=place, version=version)


def build(home: CareHome, record: bytes | None, now: datetime, by: Author) -> Made:
    """Read the PDF, compose, register, hold. Raises ``RecordUnreadable``, ``BinderRefused``."""
    roll = recognise(read_record(record)) if record is not None else None
    here = current_home()
    generation = current(here)
    source = copies.Source(
        generation.number if generation else 0,
        generation.fingerprint if generation else "",
        {},
        len(roll.residents) if roll else 0,
    )
    row = copies.register(PLAN, source, now, by, variant=PLAN)
    try:
        plan = make(home, roll, Copy(row.pk, now, "", here.world is World.REAL))
    except BaseException:
        copies.abandon(row)
        raise
    copies.made(row, plan.pages, len(plan.missing), by)
    token, key = _hold(plan.pdf, now)
    return Made(row.pk, plan, roll, token, key)


def fetch(token: str, key: str, now: datetime) -> bytes:
    """The PDF held under ``token``; raises :class:`PlanGone`."""
    forget_old(current_home(), now)
    path = _folder() / f"{token}.plan"
    if not (token.isascii() and token.isalnum()):
        raise PlanGone()
    try:
        data = path.read_bytes()
        return AESGCM(bytes.fromhex(key)).decrypt(data[:_NONCE], data[_NONCE:], token.encode())
    except (OSError, ValueError, InvalidTag) as error:
        raise PlanGone() from error


def forget_old(home: Home, now: datetime) -> int:
    """Erase every plan held for more than :data:`HELD`; how many. Retention frozen: none."""
    if held(home) is not None:
        return 0
    count = 0
    for path in (home.path / _FOLDER).glob("*.plan"):
        with suppress(OSError):
            if now.timestamp() - path.stat().st_mtime > HELD.total_seconds():
                path.unlink()
                count += 1
    return count


def _hold(pdf: bytes, now: datetime) -> tuple[str, str]:
    forget_old(current_home(), now)
    token, key, nonce = (
        secrets.token_hex(16),
        secrets.token_bytes(_KEY),
        secrets.token_bytes(_NONCE),
    )
    make_folder(_folder())
    sealed = AESGCM(key).encrypt(nonce, pdf, token.encode())
    create_durably(_folder() / f"{token}.plan", nonce + sealed)
    return token, key.hex()


def _folder() -> Path:
    return current_home().path / _FOLDER
