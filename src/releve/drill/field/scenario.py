"""A scenario of the field exercise: the story, what is handed over and when, what is observed.

Dated TOML, read strictly; minutes count from the first sentence. An exercise shorter or longer than
the scenario's own length stretches its minutes in proportion; targets are not stretched.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, cast, get_args

from releve.drill.toml_table import Table, refuse

Who = Literal["service", "cellule"]
Kind = Literal["carte", "appel", "coursier", "personne", "rumeur", "note", "phrase"]

#: Where the scenarios shipped with the program lie.
SHIPPED = Path(__file__).with_name("scenarios")
#: 45 minutes to half a day, in minutes.
SHORTEST, LONGEST = 45, 240
_MOST_BYTES = 256 * 1024
_MOST_TEXT = 1500


@dataclass(frozen=True)
class Gesture:
    """What an observer times. ``minutes`` is hoped for, counted from the start without pauses;
    ``source`` and ``status`` say where that figure comes from.
    """

    slug: str
    words: str
    who: Who
    minutes: int
    expects: str
    source: str
    status: str


@dataclass(frozen=True)
class Inject:
    """Something handed over, said or played at ``minute``. ``text`` is on the card, ``say`` is what
    the animator says or does, ``expect`` what should follow.
    """

    slug: str
    minute: int
    title: str
    kind: Kind
    to: Who
    text: str
    say: str
    expect: str


@dataclass(frozen=True)
class FieldScenario:
    """A checked scenario; injects in order of time."""

    name: str
    title: str
    minutes: int
    dated: date
    source: str
    status: str
    story: str
    opening: str
    objectives: tuple[str, ...]
    beforehand: tuple[str, ...]
    gestures: tuple[Gesture, ...]
    injects: tuple[Inject, ...]

    def gestures_of(self, who: Who) -> tuple[Gesture, ...]:
        """What is timed in the wards, or in the crisis cell."""
        return tuple(gesture for gesture in self.gestures if gesture.who == who)

    def at(self, inject: Inject, length: int) -> int:
        """The minute of ``inject`` in an exercise of ``length`` minutes."""
        return round(inject.minute * length / self.minutes)


def shipped() -> tuple[str, ...]:
    """Names of the scenarios that come with the program."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def text_of(name: str) -> str:
    """The TOML of a shipped scenario, or of a file by its path; raises ``BadInput``."""
    path = Path(name) if name.endswith(".toml") else SHIPPED / f"{name}.toml"
    known = f"Donnez un fichier .toml ou un nom : {', '.join(shipped())}."
    if not name.endswith(".toml") and name not in shipped():
        refuse(Path(name[:80]), "ce scénario n'est pas fourni", known)
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            refuse(path, f"dépasse {_MOST_BYTES >> 10} Kio", "Raccourcissez-le.")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(path, f"illisible ({error})", known)


def load(name: str) -> FieldScenario:
    """Read a shipped scenario by its name, or any TOML file by its path; raises ``BadInput``."""
    return parse(text_of(name), Path(name).stem)


def parse(text: str, name: str) -> FieldScenario:
    """Check the text of a scenario; raises ``BadInput`` naming the file and the key."""
    path = Path(f"{name}.toml")
    try:
        root = Table(path, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        refuse(path, f"TOML mal formé ({error})", "Corrigez la ligne indiquée.")
    minutes = root.whole("minutes", SHORTEST, LONGEST)
    scenario = FieldScenario(
        name=name,
        title=_text(root, "title"),
        minutes=minutes,
        dated=root.take("dated", date),
        source=_text(root, "source"),
        status=_text(root, "status"),
        story=_text(root, "story"),
        opening=_text(root, "opening"),
        objectives=_texts(root, "objectives"),
        beforehand=_texts(root, "beforehand"),
        gestures=tuple(_gesture(table) for table in _tables(root, "gesture", 20)),
        injects=_injects(root, minutes),
    )
    root.finish()
    _check_unlike(path, "gesture", [gesture.slug for gesture in scenario.gestures])
    _check_unlike(path, "inject", [inject.slug for inject in scenario.injects])
    return scenario


def _gesture(table: Table) -> Gesture:
    gesture = Gesture(
        _slug(table),
        _text(table, "words"),
        cast(Who, _one_of(table, "who", get_args(Who))),
        table.whole("minutes", 1, LONGEST),
        _text(table, "expects"),
        _text(table, "source"),
        _text(table, "status"),
    )
    table.finish()
    return gesture


def _injects(root: Table, minutes: int) -> tuple[Inject, ...]:
    injects = []
    for table in _tables(root, "inject", 60):
        injects.append(
            Inject(
                _slug(table),
                table.whole("minute", 0, minutes),
                _text(table, "title"),
                cast(Kind, _one_of(table, "kind", get_args(Kind))),
                cast(Who, _one_of(table, "to", get_args(Who))),
                _text(table, "text"),
                _text(table, "say"),
                _text(table, "expect"),
            )
        )
        table.finish()
    return tuple(sorted(injects, key=lambda inject: inject.minute))


def _tables(root: Table, key: str, most: int) -> list[Table]:
    found = root.take(key, list)
    if not 1 <= len(found) <= most:
        root.refuse(key, f"il y en a {len(found)}", f"Il en faut entre 1 et {most}.")
    tables = []
    for rank, entry in enumerate(found, start=1):
        if not isinstance(entry, dict):
            root.refuse(key, f"l'entrée {rank} n'est pas une table", f"Écrivez [[{key}]].")
        tables.append(Table(root.path, f"{key}[{rank}]", entry))
    return tables


def _text(table: Table, key: str) -> str:
    text = " ".join(table.take(key, str).split())
    if not 1 <= len(text) <= _MOST_TEXT:
        table.refuse(key, f"compte {len(text)} signes", f"Il en faut entre 1 et {_MOST_TEXT}.")
    return text


def _texts(table: Table, key: str) -> tuple[str, ...]:
    found = table.take(key, list)
    if not found or len(found) > 20 or not all(isinstance(each, str) and each for each in found):
        table.refuse(key, "n'est pas une liste de textes", "Écrivez 1 à 20 phrases.")
    return tuple(str(each)[:_MOST_TEXT] for each in found)


def _slug(table: Table) -> str:
    slug = table.take("slug", str)
    plain = slug.replace("-", "")
    if not (plain.isascii() and plain.isalnum() and plain.islower() and len(slug) <= 40):
        table.refuse("slug", f"vaut {slug[:60]!r}", "Employez 1 à 40 minuscules et tirets.")
    return slug


def _one_of(table: Table, key: str, known: Sequence[str]) -> str:
    value = table.take(key, str)
    if value not in known:
        table.refuse(key, f"vaut {value[:60]!r}", f"Choisissez : {', '.join(known)}.")
    return value


def _check_unlike(path: Path, key: str, slugs: Sequence[str]) -> None:
    for slug in slugs:
        if slugs.count(slug) > 1:
            refuse(path, f"{key} : « {slug} » y est deux fois", "Donnez un autre slug.")
