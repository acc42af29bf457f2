"""Keeping and destroying on one home: what is due, who decided, doing it; who may listen.

Whoever holds the console signs « console du serveur »; facts go to the ledger at once, or wait in
the outbox while another process holds it.
"""

from __future__ import annotations

import ipaddress
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from releve.kernel.clock import Clock, SystemClock
from releve.kernel.home import Home, HomeBusy, sole_writer
from releve.kernel.world import World
from releve.ledger.errors import SignerUnreachable
from releve.retention import Due, Entry, Plan, Rules, due_entries, due_months, read_rules
from releve.retention.errors import (
    BadAddress,
    DpoMissing,
    NoPurge,
    NothingDue,
    NotSigned,
    NotTwoPeople,
    PurgeHeld,
)
from releve.retention.purging import Counts, purge
from releve.retention.reading import own_path
from releve.retention.signing import Signer, check_alone, proposed, sign
from releve.retention.stores import Store
from releve.runtime.ledger import open_ledger
from releve.runtime.records import use_records
from releve.runtime.retention_world import HomeFeed, HomeFiles, hold_of, world_of

if TYPE_CHECKING:
    from releve.pages.models import Account
    from releve.retention.app.models import Officer, Override, Purge

CONSOLE = "console du serveur"
_JOURNAL = "care.journal"


@dataclass(frozen=True)
class State:
    """What is past its term now. ``why_not``: what forbids to destroy, None when nothing does;
    ``unsigned``: the journal's line is not signed, so nothing of it may be purged.
    """

    rules: Rules
    due: Due
    files: tuple[Entry, ...]
    unsigned: tuple[Store, ...]
    why_not: str | None

    @property
    def plan(self) -> Plan:
        """What may be decided now: what is due in stores whose line is signed."""
        refused = {store.id for store in self.unsigned}
        months = () if _JOURNAL in refused else self.due.months
        files = tuple(entry.path for entry in self.files if entry.store not in refused)
        return Plan(months, files)


def state_of(home: Home, now: datetime) -> State:
    """Raises ``RulesUnreadable``. The records must be usable."""
    rules = read_rules(home)
    feed, entries = HomeFeed(home, SystemClock()), HomeFiles(home).entries()
    keep = rules.months_of(rules.store(_JOURNAL))
    needed = feed.oldest_needed()
    due = due_months(feed.months(), keep, needed, rules.open_stay_months, now)
    files = list[Entry]()
    for store in rules.stores:
        mine = [entry for entry in entries if entry.store == store.id]
        files += due_entries(mine, rules.months_of(store), now)
    concerned = {entry.store for entry in files} | ({_JOURNAL} if due.months else set())
    unsigned = tuple(s for s in rules.stores if s.id in concerned and not rules.signed(s))
    return State(rules, due, tuple(files), unsigned, hold_of(home).held())


def plan_to_decide(home: Home, now: datetime) -> Plan:
    """What two people may decide now. Raises :class:`~releve.retention.errors.PurgeHeld`,
    ``NothingDue``, ``NotSigned``.
    """
    state = state_of(home, now)
    if state.why_not is not None:
        raise PurgeHeld(why=state.why_not)
    plan = state.plan
    if not plan.months and not plan.files:
        if state.unsigned:
            first = state.unsigned[0]
            raise NotSigned(name=first.name, id=first.id)
        raise NothingDue()
    return plan


def late_months(home: Home, now: datetime) -> int:
    """How many months are past their term, held or not; cheap enough for a page of every day."""
    rules = read_rules(home)
    keep = rules.months_of(rules.store(_JOURNAL))
    return len(due_months(HomeFeed(home, SystemClock()).months(), keep, None, 0, now).months)


def propose(home: Home, now: datetime) -> bool:
    """Tell the ledger what is past its term, once for the same; nothing is destroyed."""
    from releve.retention.app import desk

    desk.tell_signatures(read_rules(home), now)
    state = state_of(home, now)
    if not state.due.months and not state.files:
        return False
    return desk.tell_due(state.due.months, len(state.files), now)


def stray_paths(home: Home) -> list[str]:
    """Files of the home that no store declares: somebody must say why they are kept."""
    rules, found = read_rules(home), list[str]()
    for folder, _, names in os.walk(home.path):
        for name in names:
            path = str((Path(folder) / name).relative_to(home.path))
            if rules.of_path(path) is None:
                found.append(path)
    return sorted(found)


def run_purge(home: Home, row: Purge, clock: Clock) -> Counts:
    """Do what was decided, or finish it, but for what is no longer past its term or is needed by a
    stay since. Raises what a purge raises, remembered on the row; one at a time (``HomeBusy``).
    """
    from releve.retention.app import desk

    with sole_writer(home, "purge"):
        try:
            plan = _still_due(home, row.planned, clock)
            counts = purge(plan, world_of(home, clock), clock.now)
        except Exception as error:
            desk.failed(row, f"{type(error).__name__} : {error}")
            raise
        desk.done(row, counts, clock.now())
    return counts


def _still_due(home: Home, plan: Plan, clock: Clock) -> Plan:
    """The plan less what must stay after all; a month whose key is gone is finished whatever."""
    state, kept = state_of(home, clock.now()), frozenset(HomeFeed(home, clock).months())
    files = frozenset(entry.path for entry in state.files)
    return Plan(
        tuple(m for m in plan.months if m not in kept or m in state.due.months),
        tuple(path for path in plan.files if path in files),
    )


# --- the console ---------------------------------------------------------------------------------


def sign_line(home: Home, id: str, by: Signer, months: int | None, now: datetime) -> Store:
    """One person signs a line, as it stands or for longer. Raises ``ShorteningNeedsTwo``,
    ``BadInput``, ``UnknownStore``, ``RulesUnreadable``.
    """
    rules = read_rules(home)
    signer = by.checked(now)
    check_alone(rules, proposed(rules, id, months))
    signed = sign(home, id, signer, months)
    tell_signatures(home, now)
    return signed


def tell_signatures(home: Home, now: datetime) -> int:
    """What the home's table holds signed and the ledger does not know yet."""
    if not own_path(home).exists():
        return 0
    use_records(home)
    from releve.retention.app import desk

    count = desk.tell_signatures(read_rules(home), now)
    tell_waiting(home)
    return count


def enter_officer(home: Home, name: str, on: date, now: datetime) -> Officer:
    """Enter the DPO from the console. Raises ``BadInput``."""
    use_records(home)
    from releve.retention.app import desk

    row = desk.enter_officer(name, on, CONSOLE, now)
    tell_waiting(home)
    return row


def officer(home: Home) -> Officer | None:
    """The DPO in office."""
    use_records(home)
    from releve.retention.app import desk

    return desk.officer()


def overrides(home: Home) -> list[Override]:
    """Listening that was opened without a DPO and is not regularised."""
    use_records(home)
    from releve.retention.app import desk

    return desk.overrides()


@dataclass(frozen=True)
class AtConsole:
    """Somebody at the server's console: their login, and a code of their second factor."""

    login: str
    code: str


def decide_on_console(home: Home, one: AtConsole, other: AtConsole, now: datetime) -> Purge:
    """Two accounts that may decide, each with its own second factor, once the DPO was entered.

    Raises ``NotTwoPeople``, and what :func:`plan_to_decide` raises, before a code is used up.
    """
    use_records(home)
    from releve.retention.app import desk

    if desk.officer() is None:
        fix = "entrez d'abord le DPO : ./run retention dpo --name … --date …"
        raise NotTwoPeople(why="le DPO n'est pas renseigné", fix=fix)
    accounts = _two(one, other)
    plan = plan_to_decide(home, now)
    row = desk.decide(plan, f"{_seen(accounts, (one, other))}, {CONSOLE}", now)
    tell_waiting(home)
    return row


def check_two(home: Home, one: AtConsole, other: AtConsole) -> None:
    """For what the console destroys otherwise (``care forget``): raise ``NotTwoPeople`` unless two
    accounts that may decide gave their second factors.
    """
    use_records(home)
    _seen(_two(one, other), (one, other))


def _two(one: AtConsole, other: AtConsole) -> tuple[Account, Account]:
    accounts = _decider(one), _decider(other)
    if accounts[0].pk == accounts[1].pk:
        raise NotTwoPeople(why="c'est deux fois le même compte", fix="nommez-en un autre.")
    return accounts


def _seen(accounts: tuple[Account, Account], given: tuple[AtConsole, AtConsole]) -> str:
    """Use up both codes; who they are, in words of the ledger."""
    from releve.pages.second_factor import uses_up

    for who, each in zip(accounts, given, strict=True):
        if not uses_up(who, each.code):
            fix = "tapez le code de son application, ou un code de sa feuille, inutilisé."
            raise NotTwoPeople(why=f"le code de « {who.login} » n'est pas bon", fix=fix)
    return " et ".join(f"compte {who.pk}" for who in accounts)


def _decider(each: AtConsole) -> Account:
    from releve.pages.house import home_perimeter
    from releve.pages.models import Account
    from releve.pages.rights import rights_held
    from releve.pages.roles import APPROVERS

    who, where = Account.objects.filter(login=each.login.strip().lower()).first(), home_perimeter()
    if (
        who is None
        or where is None
        or not any(right.covers(APPROVERS, where) for right in rights_held(who))
    ):
        why = f"« {each.login.strip()[:64]} » n'est pas un compte de direction ou de DSI"
        raise NotTwoPeople(why=why, fix="donnez l'identifiant d'un compte qui a ce rôle.")
    return who


def resume(home: Home, clock: Clock) -> list[tuple[Purge, Counts]]:
    """Do every purge that was decided and is not done. Raises ``NoPurge``."""
    use_records(home)
    from releve.retention.app import desk

    rows = desk.waiting()
    if not rows:
        raise NoPurge()
    done = [(row, run_purge(home, row, clock)) for row in rows]
    tell_waiting(home)
    return done


# --- who may listen ------------------------------------------------------------------------------


def may_listen(home: Home, address: str, reason: str | None, now: datetime) -> str | None:
    """Whether messages may be received on ``address``; what must be said aloud, or None.

    Loopback is never refused, and a real home is warned. Elsewhere the DPO must have been entered,
    whatever the world; a reason goes past, told to the ledger. Raises ``BadAddress``,
    ``DpoMissing``, ``BadInput``.
    """
    try:
        where = ipaddress.ip_address(address)
    except ValueError:
        raise BadAddress(address=address) from None
    if where.is_loopback:
        return warning(home)
    if officer(home) is not None:
        return None
    if reason is None:
        raise DpoMissing(address=address)
    from releve.retention.app import desk

    desk.override(reason, address, CONSOLE, now)
    tell_waiting(home)
    return (
        f"ATTENTION : écoute sur {address} sans DPO renseigné. C'est au registre, et montré chaque"
        " jour jusqu'à régularisation (./run retention dpo)."
    )


def warning(home: Home) -> str | None:
    """What is said where nothing is refused: a real home has no DPO yet. None otherwise; a drill's
    patients are nobody.
    """
    if home.world is World.DRILL or officer(home) is not None:
        return None
    return (
        "DPO non renseigné : sur une autre adresse que celle de cette machine, l'écoute serait"
        " refusée. ./run retention dpo --name … --date …"
    )


def tell_waiting(home: Home) -> None:
    """Append what waits in the outbox, unless another process holds the ledger and is silent."""
    from releve.ledger.app.outbox import drain

    with suppress(HomeBusy, SignerUnreachable), open_ledger(home) as ledger:
        drain(ledger)
