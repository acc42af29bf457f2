"""One entry of the ledger: what was seen, when, on what, by which tool, under which rule.

Written as canonical JSON (RFC 8785), at most 65,535 bytes. Names, personal data and file paths
never stand in clear: they are ``commitments`` (see :mod:`releve.ledger.commitments`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

import rfc8785

from releve.kernel.clock import from_iso, iso
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.ids import Finess, finess
from releve.kernel.world import Reality
from releve.ledger.errors import BadEvidence, EvidenceTooLarge, WrongReality
from releve.ledger.tiles import MAX_ENTRY

Value = str | int | float | bool | None
#: RFC 8785 §3.2.2.3: beyond, two readers may disagree on the number.
_SAFE_INTEGER = (1 << 53) - 1
_SLUG = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_ORIGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_PATH = re.compile(
    r"""(?:^|[\s"'«(=])/(?:home|root|srv|var|mnt|media|data|tmp|opt|etc|Users|Volumes)/\S"""
    r"""|(?<![A-Za-z])[A-Za-z]:\\|\\\\[^\s\\]+\\"""
)
#: The kind of entry 0; only the signer writes it.
BIRTH = "birth"


@dataclass(frozen=True)
class Tool:
    """The program that measured, with its version."""

    name: str
    version: str


@dataclass(frozen=True)
class Evidence:
    """One fact. Checked when built: an ``Evidence`` that exists can be written.

    ``value`` is the raw measure, with its ``unit`` when it is a number. ``sha256`` is that of a
    larger piece kept elsewhere. ``(origin, number)`` is the writer's own key: the ledger keeps it
    once; number 0 means « not numbered yet » and cannot be appended. ``finess`` is None only before
    a real home's establishment is declared. ``detail`` holds small,
    non-personal values, ``commitments`` the salted commitments of the rest (name → 64 hex digits).
    """

    what: str
    when: datetime
    system: str
    value: Value
    unit: str | None
    tool: Tool
    finess: Finess | None
    reality: Reality
    kind: str
    origin: str
    number: int
    sha256: str | None = None
    rule: str | None = None
    rule_version: str | None = None
    commitments: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            check(name, getattr(self, name))
        if self.finess is None and self.kind != BIRTH and self.reality is Reality.SIMULATED:
            raise bad("finess", "il manque ; un exercice signe sous un FINESS de test")
        if _is_number(self.value) and not self.unit:
            raise bad("unit", "un nombre s'écrit toujours avec son unité (« s », « fichiers »…)")


def bad(name: str, what: str) -> BadEvidence:
    """The error that names the field and shows a valid example."""
    return BadEvidence(field=name, what=what, example=EXAMPLE)


def encode(evidence: Evidence) -> bytes:
    """The entry's bytes; raises :class:`EvidenceTooLarge`."""
    data = rfc8785.dumps(_to_json(evidence))
    if len(data) > MAX_ENTRY:
        raise EvidenceTooLarge(size=len(data), limit=MAX_ENTRY)
    return data


def from_json(data: bytes | str) -> Evidence:
    """Parse one evidence object, canonical or not; raises :class:`BadEvidence` naming the field."""
    return from_fields(parse_object(data))


def from_entry(data: bytes) -> Evidence:
    """Parse an entry that must be written canonically, byte for byte."""
    if len(data) > MAX_ENTRY:
        raise EvidenceTooLarge(size=len(data), limit=MAX_ENTRY)
    evidence = from_json(data)
    if data != _quick(evidence) and data != encode(evidence):
        raise bad("(objet)", "elle n'est pas écrite en JSON canonique (RFC 8785)")
    return evidence


def check_home(evidence: Evidence, home: Home) -> None:
    """A drill holds only « simulé » under test FINESS, a real home never does; raises
    :class:`WrongReality`, ``FinessRefused``, or :class:`BadEvidence` for nine zeros, whose key is
    right but which name nobody (here, so that a log that already holds some can still be read).
    """
    if evidence.reality.world is not home.world:
        raise WrongReality(reality=evidence.reality.value, world=home.world.value)
    if evidence.finess is not None:
        if not evidence.finess.strip("0"):
            raise bad("finess", "neuf zéros ne désignent aucun établissement")
        home.check_finess(evidence.finess)


def parse_object(data: bytes | str) -> dict[str, Any]:
    """A JSON object without double keys nor infinities; raises :class:`BadEvidence`."""
    try:
        parsed = _DECODER.decode(data if isinstance(data, str) else data.decode())
    except (ValueError, RecursionError) as error:
        raise bad("(objet)", f"ce n'est pas du JSON lisible ({error})") from error
    if not isinstance(parsed, dict):
        raise bad("(objet)", "il faut un objet JSON, entre accolades")
    return parsed


def from_fields(found: dict[str, Any]) -> Evidence:
    """Build from a parsed object; raises :class:`BadEvidence` naming the first bad field."""
    for name in found:
        if name not in _FIELDS:
            raise bad(name[:60], "ce champ n'existe pas")
    for name in _REQUIRED:
        if name not in found:
            raise bad(name, "il manque")
    typed = dict(found)
    for name, convert in _CONVERSIONS.items():
        typed[name] = convert(name, found[name])
    return Evidence(**typed)


def _to_json(evidence: Evidence) -> dict[str, Any]:
    written = {name: getattr(evidence, name) for name in _FIELDS}
    written["when"] = iso(evidence.when)
    written["tool"] = {"name": evidence.tool.name, "version": evidence.tool.version}
    written["reality"] = evidence.reality.value
    written["commitments"] = dict(evidence.commitments)
    written["detail"] = dict(evidence.detail)
    return written


def _quick(evidence: Evidence) -> bytes | None:
    """The same bytes as :func:`encode` three times faster, when no float is there: keys are ASCII,
    and the two writers differ only in floats.
    """
    if any(isinstance(value, float) for value in (evidence.value, *evidence.detail.values())):
        return None
    return _ENCODER.encode(_to_json(evidence)).encode()


# --- one check per field -----------------------------------------------------------------------


def _text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise bad(name, "il faut un texte, non vide")
    _clear_text(name, value)


def _optional_text(name: str, value: object) -> None:
    if value is not None:
        _text(name, value)


def _clear_text(name: str, value: str) -> None:
    if _FORBIDDEN.search(value):
        raise bad(name, "il contient un caractère de commande ou un caractère incomplet")
    if ("/" in value or "\\" in value) and _PATH.search(value):
        raise bad(name, "un chemin de fichier ne s'écrit pas en clair, mais en engagement salé")


def _value(name: str, value: object) -> None:
    if isinstance(value, str):
        _clear_text(name, value)
    elif isinstance(value, int | float):
        if not math.isfinite(value):
            raise bad(name, "ce nombre n'est pas fini")
        if abs(value) > _SAFE_INTEGER:
            raise bad(name, "ce nombre dépasse 2⁵³ − 1 : écrivez-le en texte")
    elif value is not None:
        raise bad(name, "il faut un texte, un nombre, vrai ou faux, ou null")


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise bad(name, what)

    return check


def _sha256(name: str, value: object) -> None:
    if value is not None:
        _HEX(name, value)


def _number(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _SAFE_INTEGER:
        raise bad(name, "il faut un entier, à partir de 1")


def _named(check: Callable[[str, object], None]) -> Callable[[str, object], None]:
    def check_all(name: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise bad(name, "il faut un objet (nom → valeur)")
        for key, item in value.items():
            if not isinstance(key, str) or not _SLUG.fullmatch(key):
                raise bad(name, f"nom refusé : {str(key)[:60]!r} (minuscules, chiffres, _ . -)")
            check(f"{name}.{key}", item)

    return check_all


def _tool(name: str, value: object) -> None:
    if not isinstance(value, Tool):
        raise bad(name, 'il faut {"name": …, "version": …}')
    _text("tool.name", value.name)
    _text("tool.version", value.version)


def _when(name: str, value: object) -> None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise bad(name, "il faut une heure avec son fuseau")


def _finess(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise bad(name, "il faut un texte de neuf caractères")
    why = None if value is None else _why_no_finess(value)
    if why:
        raise bad(name, why)


@lru_cache(maxsize=1000)
def _why_no_finess(value: str) -> str | None:
    try:
        finess(value)
    except ReleveError as error:
        return str(error)
    return None


def _reality(name: str, value: object) -> None:
    if not isinstance(value, Reality):
        raise bad(name, "il faut « simulé », « technique » ou « terrain »")


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_HEX = _matching(_SHA256, "il faut 64 chiffres hexadécimaux, en minuscules")
_CHECKS: dict[str, Callable[[str, object], None]] = {
    "what": _text,
    "when": _when,
    "system": _text,
    "value": _value,
    "unit": _optional_text,
    "tool": _tool,
    "finess": _finess,
    "reality": _reality,
    "kind": _matching(_SLUG, "il faut un mot en minuscules (measure, alarm, decision, access…)"),
    "origin": _matching(_ORIGIN, "il faut 1 à 100 lettres, chiffres ou . _ : @ / -"),
    "number": _number,
    "sha256": _sha256,
    "rule": _optional_text,
    "rule_version": _optional_text,
    "commitments": _named(_HEX),
    "detail": _named(_value),
}
_FIELDS = tuple(item.name for item in fields(Evidence))
_REQUIRED = _FIELDS[: _FIELDS.index("sha256")]


# --- from JSON types to ours -------------------------------------------------------------------


def _to_when(name: str, value: object) -> datetime:
    if isinstance(value, str):
        try:
            return from_iso(value)
        except (ValueError, OverflowError):
            pass
    raise bad(name, "il faut une heure ISO 8601 avec son fuseau, 2026-11-23T01:00:00Z")


def _to_tool(name: str, value: object) -> Tool:
    if not isinstance(value, dict) or set(value) != {"name", "version"}:
        raise bad(name, 'il faut {"name": …, "version": …}')
    return Tool(value["name"], value["version"])


def _to_reality(name: str, value: object) -> Reality:
    if isinstance(value, str) and value in _REALITIES:
        return _REALITIES[value]
    raise bad(name, "il faut « simulé », « technique » ou « terrain »")


_REALITIES = {reality.value: reality for reality in Reality}
_CONVERSIONS: dict[str, Callable[[str, object], object]] = {
    "when": _to_when,
    "tool": _to_tool,
    "reality": _to_reality,
}


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("une clé y figure deux fois")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} n'est pas un nombre JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_double, parse_constant=_no_constant)
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
#: Shown with every refusal; itself valid in a drill home (a test appends it).
EXAMPLE = json.dumps(
    {
        "what": "détection du chiffrement",
        "when": "2026-11-23T01:02:03Z",
        "system": "PC-LABO-04",
        "value": 27,
        "unit": "s",
        "tool": {"name": "releve", "version": "0.1.0"},
        "finess": "990000010",
        "reality": "simulé",
        "kind": "measure",
        "origin": "exemple",
        "number": 1,
    },
    ensure_ascii=False,
)
