"""A ward's sheet in words, made once for the kit's screen and for its paper: they cannot differ.

Nothing is computed from clinical content: a text shown is a field's own (acting code points written
out), a state is told with its hour. Ages are added by the screen, which alone has a clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from releve.care.kit.hours import full_hour, utc_hour, visible
from releve.care.sheet import PatientSheet, Row, Section, State, Stay, Traits, WardSheet
from releve.care.words import (
    TITLES,
    homonym_words,
    short_state,
    state_words,
    status_word,
    unread_words,
)
from releve.kernel.clock import iso
from releve.kernel.units import moment

_ENDED = "retiré par la source"
_LINE_END = re.compile(r"\r\n?")
#: Highlighting as HL7 2.5 §2.7.2 writes it, start to end; a folder of a Windows path is none.
_HIGHLIGHT = re.compile(r"(?<!\b[A-Za-z]:)\\H\\((?:(?!\\[HN]\\).)*)\\N\\", re.DOTALL)


def shown(sheet: WardSheet) -> dict[str, Any]:
    """``patients`` in the sheet's order, and the hour of the last reception in words."""
    when = sheet.as_of
    return {
        "as_of": None if when is None else iso(when),
        "as_of_words": None if when is None else f"{full_hour(when)}, {utc_hour(when)}",
        "patients": [_patient(patient) for patient in sheet.patients],
    }


def _patient(patient: PatientSheet) -> dict[str, Any]:
    traits = patient.traits
    allergies = patient.section("allergies")
    return {
        "ipp": visible(traits.ipp),
        "bed": bed(patient),
        "name": name(traits),
        "born": born(traits.born),
        "sex": _sex(traits.sex),
        "ins": _ins(traits),
        "place": _place(patient.stay),
        "allergies": _allergies(allergies),
        "allergic": any(not row.ended for row in allergies.rows),
        "treatments": _treatments(patient.section("treatments")),
        "attention": list(_attention(patient)),
        "notes": list(_notes(patient)),
        "sections": [_section(section) for section in patient.sections],
    }


def name(traits: Traits) -> str:
    """« DUPONT Élise (née MARTIN) », as received."""
    family = traits.name or traits.birth_name
    full = f"{family} {traits.first_names}".strip() or "nom non reçu"
    if traits.birth_name and traits.birth_name != family:
        full += f" (nom de naissance {traits.birth_name})"
    return visible(full)


def bed(patient: PatientSheet) -> str:
    """The bed, else the room, else that there is none."""
    stay = patient.stay
    return visible(stay.bed or stay.room) or "sans lit" if stay else "sans lit"


def born(text: str) -> str:
    """PID-7 as people write it (12/04/1951) when it is a date, else as it came."""
    if len(text) >= 8 and text[:8].isascii() and text[:8].isdigit():
        return f"{text[6:8]}/{text[4:6]}/{text[:4]}"
    return visible(text) or "non reçu"


def _sex(text: str) -> str:
    return {"F": "♀ femme", "M": "♂ homme", "": "sexe non reçu"}.get(text) or visible(
        f"sexe reçu : {text}"
    )


def _ins(traits: Traits) -> str:
    if traits.ins:
        return visible(f"INS {traits.ins}")
    status = f" (identité {traits.identity_status})" if traits.identity_status else ""
    return visible(f"INS non qualifiée ou non reçue{status}")


def _place(stay: Stay | None) -> str:
    if stay is None:
        return "sans séjour connu"
    room = f"chambre {stay.room}, " if stay.room else ""
    since = f" depuis le {moment(stay.since)}" if stay.since else ""
    return visible(f"{room}séjour {stay.visit or 'sans numéro'}{since}")


def _allergies(section: Section) -> str:
    """The allergies themselves, in the census: what is known must not need a click."""
    texts = [_texts(row)[0][1] for row in section.rows if not row.ended and _texts(row)]
    state = short_state(section.name, section.state)
    if texts:
        return ", ".join(texts) + (f" ({state})" if state else "")
    return state or "toutes retirées"


def _treatments(section: Section) -> str:
    state = short_state(section.name, section.state)
    if section.state is State.NEVER:
        return f"{state} : feuille papier"
    lines = sum(not row.ended for row in section.rows)
    many = "s" if lines > 1 else ""
    return f"{lines} ligne{many} de traitement" + (f" ({state})" if state else "")


def _attention(patient: PatientSheet) -> Iterable[str]:
    if patient.homonyms:
        yield visible(homonym_words(patient.homonyms))
    if patient.unread:
        yield unread_words(patient.unread)


def _notes(patient: PatientSheet) -> Iterable[str]:
    if patient.merged:
        yield visible("Dossiers réunis dans celui-ci : IPP " + ", ".join(patient.merged))


def _section(section: Section) -> dict[str, Any]:
    since = section.heard if section.state is State.SILENT else section.as_of
    return {
        "name": section.name,
        "title": TITLES[section.name],
        "state": section.state.value,
        "said": said(section),
        "since": None if since is None else iso(since),
        "rows": [_row(section.name, row) for row in section.rows],
    }


def said(section: Section) -> str:
    """The state of a section in words, with its hour; the four are never merged."""
    words = state_words(section)
    if section.state is State.NEVER:
        return words
    last = f"reçu le {moment(section.as_of)}" if section.as_of else "reçu à une heure inconnue"
    if section.state is State.NONE_STATED:
        return f"{words}, {last}"
    if section.state is State.SILENT:
        heard = f"le {moment(section.heard)}" if section.heard else "toujours"
        return f"{last}, peut avoir changé : {words} {heard}"
    return last


def _row(section: str, row: Row) -> dict[str, Any]:
    (_, main), *rest = _texts(row) or [("", "ligne sans texte")]
    status = visible(status_word(section, row.status))
    if row.when is not None:
        rest.insert(0, ("heure", moment(row.when)))
    if status and not row.ended:
        rest.append(("statut", status))
    return {
        "main": main,
        "rest": rest,
        "ended": row.ended,
        "ended_words": status or _ENDED if row.ended else "",
        "source": f"message {row.source}, reçu le {moment(row.received)}",
    }


def _texts(row: Row) -> list[tuple[str, str]]:
    return [(visible(v.name), visible(_laid(v.text))) for v in row.values if v.text]


def _laid(text: str) -> str:
    """For the eye only: line ends are lines, the marks around highlighted words are hidden."""
    return _HIGHLIGHT.sub(r"\1", _LINE_END.sub("\n", text))
