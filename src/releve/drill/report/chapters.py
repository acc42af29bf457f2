"""The night told as a person would: a heading, a short paragraph made from what was measured, then
the lines.

A sentence whose measure is missing is left out, or says so; none is written that no figure holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from releve.drill.account import Account
from releve.drill.measures import Happening, Measure, Result
from releve.drill.report import hours
from releve.drill.report.figures import obtained
from releve.drill.report.inert import inert
from releve.drill.report.table import proof
from releve.kernel.units import NARROW_SPACE, duration, thousands

#: The word that stands before a line of the time line; an ordinary line has none.
KIND_WORDS = {
    "info": "",
    "attack": "attaque",
    "alarm": "ALARME",
    "act": "acte",
    "ok": "tenu",
    "failure": "échec",
}


@dataclass(frozen=True)
class Line:
    """One line of the story; ``word`` may be empty."""

    hour: str
    kind: str
    word: str
    text: str
    who: str
    evidence: str


@dataclass(frozen=True)
class Chapter:
    """A part of the night; ``told`` is its paragraph, empty when nothing was measured of it."""

    heading: str
    told: str
    lines: tuple[Line, ...]


def line_of(happening: Happening) -> Line:
    """One happening as a line."""
    return Line(
        hours.story_hour(happening.story),
        happening.kind,
        KIND_WORDS[happening.kind],
        inert(happening.text),
        inert(happening.who, 80),
        proof(happening.evidence),
    )


def chapters(result: Result) -> tuple[Chapter, ...]:
    """By the acts of the night; by the minute when none was noted."""
    lines = sorted(result.happenings, key=lambda h: h.story)
    begun = _begun(result)
    if not begun:
        return _minutes(lines)
    found = []
    ends = [story for _, story, _ in begun[1:]]
    for (title, start, tell), end in zip(begun, [*ends, None], strict=True):
        first = start == begun[0][1]
        held = [
            line_of(line)
            for line in lines
            if (first or line.story >= start) and (end is None or line.story < end)
        ]
        told = " ".join(tell(result, result.account))
        heading = f"{hours.story_hour(start)} · {title}"
        found.append(Chapter(heading, told, tuple(held)))
    return tuple(found)


_Teller = Callable[[Result, Account], Iterator[str]]


def _begun(result: Result) -> list[tuple[str, datetime, _Teller]]:
    """Title, first hour and teller of each act that was played, by hour."""
    account = result.account
    alarm, silent = account.began("alarm"), account.began("his-killed")
    took = _find(result, "detect.seconds")
    blind = took is None or took.value is None
    early = silent is not None and (alarm is None or silent <= alarm)
    acts: tuple[tuple[str, str, _Teller], ...] = (
        ("opening", "L'équipe de nuit travaille", _at_work),
        ("attack", "Un poste chiffre ses fichiers", _struck),
        ("his-killed", "On croit à une panne" if early else "Le dossier patient se tait", _silent),
        ("alarm", "La crise s'ouvre, sans alarme" if blind else "La crise s'ouvre", _opened),
        ("restore", "L'ordre de reprise", _restored),
        ("loss", "Tout est perdu, un dossier s'ouvre", _lost),
    )
    begun = [
        (title, story, tell)
        for kind, title, tell in acts
        if (story := account.began(kind)) is not None
    ]
    return sorted(begun, key=lambda act: act[1])


def _minutes(lines: list[Happening]) -> tuple[Chapter, ...]:
    minutes: dict[str, list[Line]] = {}
    for happening in lines:
        days = (happening.story.date() - lines[0].story.date()).days
        heading = hours.story_minute(happening.story) + (f" (jour {days + 1})" if days else "")
        minutes.setdefault(heading, []).append(line_of(happening))
    return tuple(Chapter(heading, "", tuple(held)) for heading, held in minutes.items())


# -- the paragraphs -------------------------------------------------------------------------------


def _at_work(result: Result, account: Account) -> Iterator[str]:
    fleet, known = account.fleet, account.curve("patients")
    if fleet is not None:
        yield (
            f"{_many(fleet.workstations, 'poste')} et {_many(fleet.servers, 'serveur')}"
            " sauvegardent leurs fichiers, le dossier patient envoie ses messages."
        )
    if known is not None:
        most = max(count for _, count in known.points)
        yield f"Jusqu'à {most} patients sont dans un lit et connus de Relève."
    killed = [account.began(kind) for kind in ("receiver-killed", "listener-killed")]
    if None not in killed:
        yield (
            "Deux programmes de Relève sont tués exprès en pleine réception : celui des"
            " sauvegardes, puis celui des messages patients."
        )
    yield from _nothing_lost(result)


def _nothing_lost(result: Result) -> Iterator[str]:
    objects, messages = (
        _find(result, "vault.acknowledged_lost"),
        _find(result, "feed.acknowledged_lost"),
    )
    if objects is None or messages is None or objects.value is None or messages.value is None:
        return
    if objects.met and messages.met:
        yield "Rien de ce qu'ils avaient confirmé n'est perdu."
    else:
        lost = f"{_many(int(objects.value), 'dépôt')} et {_many(int(messages.value), 'message')}"
        yield f"Confirmés puis perdus : {lost}."


def _struck(result: Result, account: Account) -> Iterator[str]:
    if not account.struck:
        return
    first = account.struck[0]
    yield (
        f"{inert(first.machine, 80)} est touché le premier, à {hours.story_hour(first.first)} ;"
        " l'attaquant passe ensuite aux machines qu'il atteint."
    )
    total = sum(one.files for one in account.struck)
    yield (
        f"Il aura chiffré {_many(total, 'fichier')} sur {_many(len(account.struck), 'machine')}"
        " avant d'être coupé. Personne ne le voit encore."
    )


def _silent(result: Result, account: Account) -> Iterator[str]:
    alarm, silent = account.began("alarm"), account.began("his-killed")
    if silent is not None and (alarm is None or silent <= alarm):
        yield "Le dossier patient ne répond plus. L'équipe de nuit pense à une panne."
    else:
        yield "Le dossier patient ne répond plus à son tour."
    placed, messages = _find(result, "care.census_patients"), _find(result, "feed.messages")
    if placed is not None and placed.value is not None:
        yield f"Relève sait encore qui est dans quel lit : {obtained(placed)} au bon endroit."
    if messages is not None and messages.value is not None:
        yield f"Elle avait reçu {obtained(messages)}."


def _opened(result: Result, account: Account) -> Iterator[str]:
    took, crisis = _find(result, "detect.seconds"), _find(result, "crisis.open_seconds")
    if took is not None and took.value is not None:
        yield f"L'alarme vient {obtained(took)} après le premier fichier chiffré."
    elif took is not None:
        yield "Aucune alarme n'est venue : quelqu'un ouvre la crise à la main."
    if crisis is not None and crisis.value is not None and took is not None and took.value:
        when = _after(float(crisis.value))
        yield f"La crise s'ouvre d'elle-même {when}, chacun lit la même page."
    noted = _find(result, "log.entries_automatic")
    if noted is not None and noted.value is not None:
        yield f"La main courante s'écrit seule : {obtained(noted)} dans la nuit."
    pages, lacks = _find(result, "binder.pages"), _find(result, "binder.missing")
    if pages is not None and pages.value is not None:
        said = f" ; numéros manquants écrits à leur place : {obtained(lacks)}" if lacks else ""
        yield f"Le classeur de crise est fait avec les patients présents : {obtained(pages)}{said}."
    tried, refused = (
        _find(result, "vault.destroy_attempts"),
        _find(result, "vault.destroy_refused"),
    )
    if tried is not None and refused is not None and tried.value and refused.value is not None:
        reached = int(tried.value) - int(refused.value)
        fate = "aucune n'aboutit" if reached <= 0 else f"{reached} aboutissent"
        yield (
            "Pendant ce temps, un intrus essaie de détruire les sauvegardes :"
            f" {_many(int(tried.value), 'tentative')}, {fate}."
        )


def _restored(result: Result, account: Account) -> Iterator[str]:
    if account.passages:
        names = " et ".join(f"« {inert(one.gate, 80)} »" for one in account.passages)
        yield (
            "Rien n'est relevé avant qu'une personne nommée ait confirmé"
            f" {names} ; deux personnes signent chaque ordre."
        )
    took, ordered = _find(result, "restore.p0_seconds"), _find(result, "restore.order_respected")
    if took is not None and took.value is not None:
        yield f"Les serveurs vitaux répondent {obtained(took)} après l'ordre, en temps technique."
    elif took is not None:
        yield "Les serveurs vitaux ne répondent pas tous à la fin de la nuit."
    if ordered is not None and ordered.met is False:
        yield "L'ordre n'a pas été respecté."
    same = _find(result, "vault.restored_identical")
    if same is not None and same.value is not None:
        yield f"Fichiers revenus à l'identique : {obtained(same)}."


def _lost(result: Result, account: Account) -> Iterator[str]:
    yield "Le pire est joué : tout est arrêté, les dossiers des patients sont effacés."
    opened, held = _find(result, "care.first_file_seconds"), _find(result, "care.kit_patients")
    unread = next((n for n in result.not_measured if n.id == "care.first_file_seconds"), None)
    if opened is not None and opened.value is not None:
        yield (
            f"Sur un poste sans réseau, un kit copié à l'avance s'ouvre avec le code de son"
            f" enveloppe : le premier dossier se lit {obtained(opened)} après la perte."
        )
    elif unread is not None:
        yield f"Aucun dossier n'a pu être ouvert : {inert(unread.reason)}."
    else:
        yield "Aucun dossier n'a pu être lu."
    if held is not None and held.value is not None:
        yield f"Patients retrouvés dans les kits : {obtained(held)}."


def _find(result: Result, measure_id: str) -> Measure | None:
    return next((m for m in result.measures if m.id == measure_id), None)


def _after(seconds: float) -> str:
    """« aussitôt » under a second, else « 4,2 s plus tard »."""
    return "aussitôt" if seconds < 1 else f"{duration(timedelta(seconds=seconds))} plus tard"


def _many(count: int, noun: str) -> str:
    return f"{thousands(count)}{NARROW_SPACE}{noun}{'s' if count > 1 else ''}"
