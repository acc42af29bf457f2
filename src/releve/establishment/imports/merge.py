"""Three ways: what the file said last time, what it says now, what stands today.

What stands today and differs from what the file said last time was written by a person: it is
never overwritten. What the file no longer says is told, and goes only when a person asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from releve.establishment.faults import shown
from releve.establishment.imports.lines import State, Told

Row = dict[str, str]
#: Which import a remembered row came from.
SOURCE = "source"


@dataclass
class Merged:
    """``rows``: what stands after, in order; ``memory``: what the files said, for the next time."""

    rows: dict[str, Row]
    memory: dict[str, Row]
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True)
class Words:
    """How a kind speaks of its rows: field → its French name, and what a row is called."""

    fields: Mapping[str, str]
    called: Callable[[Row], str]


def merge(
    current: Mapping[str, Row],
    memory: Mapping[str, Row],
    new: Mapping[str, tuple[int, Row]],
    words: Words,
    source: str,
    *,
    remove: bool = False,
    among: Callable[[str], bool] = lambda _: True,
) -> Merged:
    """``new``: id → (line, row). ``among``: which remembered rows the file speaks about at all."""
    done = Merged({each: dict(row) for each, row in current.items()}, dict(memory))
    for each, (line, row) in new.items():
        last = memory.get(each)
        done.memory[each] = {**(last or {}), **{f: v for f, v in row.items() if v}, SOURCE: source}
        if each not in current:
            if last is not None:
                what = "retiré par une personne depuis le dernier import : laissé retiré"
                done.told.append(Told(State.KEPT, line, shown(words.called(row)), what))
                continue
            done.rows[each] = dict(row)
            done.told.append(
                Told(State.NEW, line, shown(words.called(row)), _said(row, words, row))
            )
            continue
        done.rows[each] = _one(current[each], last or {}, row, line, words, done)
    _gone(current, memory, new, words, source, done, remove=remove, among=among)
    return done


def _one(now: Row, last: Row, row: Row, line: int, words: Words, done: Merged) -> Row:
    """One row that stands already: each field its own three ways."""
    after, changed, kept = dict(now), [], []
    for name, label in words.fields.items():
        said, stands = row.get(name, ""), now.get(name, "")
        if not said or said == stands:
            continue
        if (not stands and not last.get(name)) or stands == last.get(name, ""):
            after[name] = said
            changed.append(f"{label} : « {shown(stands) or 'rien'} » devient « {shown(said)} »")
        else:
            here = shown(stands) or "rien"
            kept.append(
                f"{label} gardé tel que corrigé (« {here} ») : fichier dit « {shown(said)} »"
            )
    who = shown(words.called(now))
    if kept:
        done.told.append(Told(State.KEPT, line, who, " ; ".join(kept)))
    if changed:
        done.told.append(Told(State.CHANGED, line, who, " ; ".join(changed)))
    if not kept and not changed:
        done.told.append(Told(State.SAME, line, who, ""))
    return after


def _gone(
    current: Mapping[str, Row],
    memory: Mapping[str, Row],
    new: Mapping[str, tuple[int, Row]],
    words: Words,
    source: str,
    done: Merged,
    *,
    remove: bool,
    among: Callable[[str], bool],
) -> None:
    for each, last in memory.items():
        if each in new or last.get(SOURCE) != source or not among(each):
            continue
        if each not in current:
            del done.memory[each]
            continue
        who = shown(words.called(current[each]))
        touched = any(current[each].get(f, "") != last.get(f, "") for f in words.fields)
        if remove and not touched:
            del done.rows[each], done.memory[each]
            done.told.append(Told(State.REMOVED, 0, who, "n'est plus dans le fichier : retiré"))
        elif remove:
            what = "n'est plus dans le fichier, mais une personne l'a corrigé : gardé"
            done.told.append(Told(State.KEPT, 0, who, what))
        else:
            done.told.append(Told(State.GONE, 0, who, "n'est plus dans le fichier : gardé"))


def _said(row: Row, words: Words, shown_row: Row) -> str:
    kept = [
        f"{label} {shown(shown_row[name])}" for name, label in words.fields.items() if row.get(name)
    ]
    return ", ".join(kept[:6])


def fields_of(row: Mapping[str, str], names: Sequence[str]) -> Row:
    """The row with these fields only, each there."""
    return {name: row.get(name, "") for name in names}
