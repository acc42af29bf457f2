"""A ward's sheet as JSON and back, field for field: what a kit carries and its script reads.

Times are the one written form of ``kernel.clock.iso``. Reading is strict: anything missing or of
another type raises ``ValueError``, ``KeyError`` or ``TypeError``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from releve.care.sheet import (
    PatientSheet,
    Row,
    Section,
    State,
    Stay,
    Traits,
    Value,
    WardSheet,
)
from releve.kernel.clock import from_iso, iso

Json = dict[str, Any]
_T = TypeVar("_T", int, str, bool)


def ward_to_json(sheet: WardSheet) -> Json:
    """The whole sheet, ready for ``json.dumps``."""
    return {
        "ward": sheet.ward,
        "as_of": _moment(sheet.as_of),
        "until": sheet.until,
        "patients": [_patient(patient) for patient in sheet.patients],
    }


def ward_from_json(fields: Json) -> WardSheet:
    """The inverse of :func:`ward_to_json`."""
    return WardSheet(
        ward=_of(str, fields["ward"]),
        patients=_all(_read_patient, fields["patients"]),
        as_of=_read_moment(fields["as_of"]),
        until=_of(int, fields["until"]),
    )


def _patient(patient: PatientSheet) -> Json:
    traits, stay = patient.traits, patient.stay
    return {
        "key": patient.key,
        "traits": {name: getattr(traits, name) for name in Traits.__slots__},
        "stay": None
        if stay is None
        else {
            "visit": stay.visit,
            "ward": stay.ward,
            "room": stay.room,
            "bed": stay.bed,
            "since": _moment(stay.since),
            "source": stay.source,
        },
        "sections": [_section(section) for section in patient.sections],
        "homonyms": list(patient.homonyms),
        "merged": list(patient.merged),
        "unread": patient.unread,
    }


def _section(section: Section) -> Json:
    return {
        "name": section.name,
        "state": section.state.value,
        "as_of": _moment(section.as_of),
        "heard": _moment(section.heard),
        "rows": [
            {
                "values": [[v.name, v.text, v.field, v.source] for v in row.values],
                "when": _moment(row.when),
                "received": iso(row.received),
                "source": row.source,
                "status": row.status,
                "ended": row.ended,
            }
            for row in section.rows
        ],
    }


def _read_patient(fields: Json) -> PatientSheet:
    stay = fields["stay"]
    return PatientSheet(
        key=_of(str, fields["key"]),
        traits=_read_traits(fields["traits"]),
        stay=None
        if stay is None
        else Stay(
            visit=_of(str, stay["visit"]),
            ward=_of(str, stay["ward"]),
            room=_of(str, stay["room"]),
            bed=_of(str, stay["bed"]),
            since=_read_moment(stay["since"]),
            source=_of(int, stay["source"]),
        ),
        sections=_all(_read_section, fields["sections"]),
        homonyms=_all(lambda bed: _of(str, bed), fields["homonyms"]),
        merged=_all(lambda number: _of(str, number), fields["merged"]),
        unread=_of(int, fields["unread"]),
    )


def _read_traits(fields: Json) -> Traits:
    return Traits(
        ipp=_of(str, fields["ipp"]),
        name=_of(str, fields["name"]),
        birth_name=_of(str, fields["birth_name"]),
        first_names=_of(str, fields["first_names"]),
        born=_of(str, fields["born"]),
        sex=_of(str, fields["sex"]),
        ins=_of(str, fields["ins"]),
        identity_status=_of(str, fields["identity_status"]),
        source=_of(int, fields["source"]),
    )


def _read_section(fields: Json) -> Section:
    return Section(
        name=_of(str, fields["name"]),
        state=State(fields["state"]),
        rows=_all(_read_row, fields["rows"]),
        as_of=_read_moment(fields["as_of"]),
        heard=_read_moment(fields["heard"]),
    )


def _read_row(fields: Json) -> Row:
    return Row(
        values=_all(_read_value, fields["values"]),
        when=_read_moment(fields["when"]),
        received=from_iso(_of(str, fields["received"])),
        source=_of(int, fields["source"]),
        status=_of(str, fields["status"]),
        ended=_of(bool, fields["ended"]),
    )


def _read_value(fields: list[Any]) -> Value:
    name, text, field, source = fields
    return Value(_of(str, name), _of(str, text), _of(str, field), _of(int, source))


_Item = TypeVar("_Item")


def _all(read: Callable[[Any], _Item], items: object) -> tuple[_Item, ...]:
    if not isinstance(items, list):
        raise TypeError("une liste était attendue")
    return tuple(read(item) for item in items)


def _of(kind: type[_T], value: object) -> _T:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} attendu")
    return value


def _moment(when: datetime | None) -> str | None:
    return None if when is None else iso(when)


def _read_moment(text: object) -> datetime | None:
    return None if text is None else from_iso(_of(str, text))
