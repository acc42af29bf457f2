"""Publishing a ward's kit: build, guard, put on the shelf."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from releve.care.kit import guard
from releve.care.kit.coding import ward_to_json
from releve.care.kit.envelope import seal
from releve.care.kit.errors import KitError, NoWindow
from releve.care.kit.freezing import frozen
from releve.care.kit.opening import Opened, open_with
from releve.care.kit.page import Cover, read_page, write_page
from releve.care.kit.paper import to_pdf
from releve.care.kit.shelf import (
    Held,
    Refusals,
    Shelf,
    alone,
    kit_path,
    put,
    read_shelf,
    write_shelf,
)
from releve.care.kit.shown import shown
from releve.care.kit.signature import KitKey
from releve.care.kit.windows import (
    Window,
    burn_below,
    ensure_window,
    open_next,
    window,
    window_of,
)
from releve.care.sheet import WardSheet
from releve.kernel.clock import from_iso, iso
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.units import hour


@dataclass(frozen=True)
class Names:
    """What people call the place, printed on every page."""

    hospital: str = ""
    ward: str = ""


@dataclass(frozen=True)
class Published:
    """A kit is in place, made from ``sheet``."""

    ward: str
    held: Held
    sheet: WardSheet = field(repr=False)


@dataclass(frozen=True)
class Refused:
    """The last good kit stays; ``last`` is None when there never was one. ``number`` counts the
    refusals of this ward, ``streak`` those in a row for the same kind of cause.
    """

    ward: str
    why: str
    when: datetime
    last: Held | None
    number: int
    streak: int


@dataclass(frozen=True)
class Failed:
    """No kit could be made of this ward, and the last good one stays. ``ward``: its code, or its
    folder's name when its shelf no longer says which ward it is.
    """

    ward: str
    folder: str
    when: datetime
    error: ReleveError | OSError


def build_kit(
    home: Home,
    sheet: WardSheet,
    opened: Window,
    generation: int,
    now: datetime,
    period: timedelta,
    names: Names | None = None,
) -> bytes:
    """The kit's file for one window; raises ``KitsNotBuilt`` or ``PaperRefused``."""
    called = names or Names()
    cover = Cover(
        ward=sheet.ward,
        ward_name=called.ward,
        hospital=called.hospital,
        world=home.world.value,
        window=opened.number,
        generation=generation,
        built=iso(now),
        period=period.total_seconds(),
    )
    words = shown(sheet)
    contents = {"cover": cover.to_json(), **words, "sheet": ward_to_json(sheet)}
    sealed = seal(contents, to_pdf(cover, words, now), opened.identity)
    return write_page(cover, opened.lock, sealed)


def publish(
    home: Home,
    sheet: WardSheet,
    now: datetime,
    period: timedelta,
    *,
    names: Names | None = None,
    silence: timedelta | None = None,
    accepted: bool = False,
) -> Published | Refused:
    """Put the ward's next kit in place, durably, or say why the last good one stays.

    ``period`` is how often kits are made: one older than twice it looks old. ``silence``: how long
    the feed may be quiet (default: two periods). ``accepted``: a person takes the fall upon
    themselves; a freeze still holds. Raises ``KitsNotBuilt``, ``PaperRefused``, ``HomeCopied``.
    """
    with alone(home):
        shelf = read_shelf(home, sheet.ward)
        reasons = _reasons(home, shelf, sheet, now, silence or 2 * period, accepted)
        if reasons:
            return _refuse(home, shelf, reasons, now)
        opened = ensure_window(home, sheet.ward, now)
        return _put(home, shelf, opened, sheet, now, period, names)


def renew(home: Home, ward: str, now: datetime) -> Window:
    """After a kit was opened: seal what is published again, as it is, under the next window's code,
    then burn every earlier code here. Durable; a freeze does not forbid it, the contents and
    their hour do not change. Raises ``NoWindow`` when the ward never had a kit.
    """
    with alone(home):
        old = window_of(home, ward)
        if old is None:
            raise NoWindow(ward=ward)
        opened, shelf = open_next(home, old, now), read_shelf(home, ward)
        last = _last(home, ward, shelf.current) if shelf.current else None
        if last is not None:
            cover = last.cover
            names = Names(cover.hospital, cover.ward_name)
            built, period = from_iso(cover.built), timedelta(seconds=cover.period)
            _put(home, shelf, opened, last.sheet, built, period, names)
        burn_below(home, opened)
        return opened


def _put(
    home: Home,
    shelf: Shelf,
    opened: Window,
    sheet: WardSheet,
    built: datetime,
    period: timedelta,
    names: Names | None,
) -> Published:
    page = build_kit(home, sheet, opened, shelf.next, built, period, names)
    held = Held(
        shelf.next,
        opened.number,
        built,
        sheet.as_of,
        sheet.until,
        len(sheet.patients),
        hashlib.sha256(page).hexdigest(),
    )
    put(home, shelf, held, page, KitKey(home))
    return Published(sheet.ward, held, sheet)


def _reasons(
    home: Home, shelf: Shelf, sheet: WardSheet, now: datetime, silence: timedelta, accepted: bool
) -> dict[str, str]:
    """Why the last good kit must stay: each kind of cause, and its words."""
    state = frozen(home)
    if state is not None:
        return {"frozen": f"l'état publié est figé depuis {hour(state.since)} ({state.why})"}
    last = shelf.current
    if accepted or last is None:
        return {}
    before = _last(home, shelf.ward, last)
    found = {
        "fall": guard.fall(last.patients, len(sheet.patients)),
        "vanished": guard.vanished(before.sheet, sheet) if before else None,
        "silence": guard.silence(sheet.as_of, now, silence),
    }
    return {kind: why for kind, why in found.items() if why is not None}


def _last(home: Home, ward: str, last: Held) -> Opened | None:
    """What the last kit says, read from the kit itself; None when it can no longer be read: the
    count kept on the shelf still guards the census.
    """
    path = kit_path(home, ward, last.generation)
    try:
        return open_with(path, read_page(path), window(home, ward, last.window).identity)
    except KitError:
        return None


def _refuse(home: Home, shelf: Shelf, reasons: dict[str, str], now: datetime) -> Refused:
    kind, why = "+".join(reasons), " ; ".join(reasons.values())
    before = shelf.refused if shelf.refused and shelf.refused.kind == kind else None
    streak = before.streak + 1 if before else 1
    since = before.since if before else now
    refused = Refusals(why, since, now, streak, kind)
    write_shelf(home, replace(shelf, refused=refused, refusals=shelf.refusals + 1))
    return Refused(shelf.ward, why, now, shelf.current, shelf.refusals + 1, streak)
