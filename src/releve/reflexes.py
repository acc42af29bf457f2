"""What triggers what: the house's « fiche réflexe », read line by line against the ledger.

Each line says: when the ledger holds *this*, write *that sentence*, do *these acts*.
``runtime.duty`` reads the ledger with a durable cursor and performs the acts in the transaction
that moves the cursor; nothing else in the house starts anything across capabilities.

Every act is of class « tell », « protect » or « freeze ». Isolating, publishing to the public,
calling people, restoring in place are acts of people: they are not in this vocabulary, and
:class:`Reflex` refuses any other word. The cost of a wrong reflex is a line in a log, a fresh kit,
or a kit that stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from releve.kernel.units import NARROW_SPACE, duration, thousands
from releve.ledger import Evidence
from releve.vault import facts as vault

Predicate = Callable[[Evidence], bool]
Sentence = Callable[[Evidence], str]


class Class(StrEnum):
    """What an act may do by itself, without anybody."""

    TELL = "tell"
    PROTECT = "protect"
    FREEZE = "freeze"


#: Every act that a reflex may name, and its class. Performed by ``runtime.duty.PERFORMERS``.
ACTS: Mapping[str, Class] = {
    "incident.note": Class.TELL,
    "incident.open": Class.TELL,
    "care.kits.publish": Class.PROTECT,
    "care.kits.freeze": Class.FREEZE,
    "care.kits.thaw": Class.PROTECT,
}


@dataclass(frozen=True)
class Reflex:
    """A line of the table. ``acts`` are done in order; each must stand in :data:`ACTS`."""

    name: str
    when: Predicate
    says: Sentence
    acts: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = [act for act in self.acts if act not in ACTS]
        if unknown:
            raise ValueError(f"acte hors du vocabulaire des réflexes : {unknown}")


@dataclass(frozen=True)
class Consequence:
    """One act to do, why, and the sentence that says it."""

    act: str
    reflex: str
    sentence: str


def _is(*whats: str) -> Predicate:
    return lambda evidence: evidence.what in whats


def _counted(evidence: Evidence) -> str:
    """« 12 fichiers »; the bare word « des » when the entry holds no number."""
    if isinstance(evidence.value, int) and not isinstance(evidence.value, bool):
        return f"{thousands(evidence.value)}{NARROW_SPACE}{evidence.unit or ''}".strip()
    return f"des {evidence.unit}" if evidence.unit else "un nombre inconnu"


def _detail(evidence: Evidence, name: str, otherwise: str = "cause non donnée") -> str:
    value = evidence.detail.get(name)
    return otherwise if value is None else str(value)


def _restored(evidence: Evidence) -> str:
    flaws = evidence.detail.get("flaws")
    said = f"Restauration de {evidence.system} : {_counted(evidence)} identiques"
    if isinstance(flaws, int) and flaws:
        return f"{said}, {thousands(flaws)} en écart."
    return f"{said}, aucun écart."


def _published(evidence: Evidence) -> str:
    return f"Kit du service {evidence.system} fait : {_counted(evidence)}."


_OF = "nature non donnée"


def _fallen_silent(evidence: Evidence) -> str:
    seconds = evidence.value
    if evidence.unit != "s" or not isinstance(seconds, int):
        return f"Flux de soins : {evidence.system} muettes ({_counted(evidence)})."
    since = duration(timedelta(seconds=seconds))
    of = _detail(evidence, "of", _OF)
    return f"ALARME : {evidence.system} ne dit plus rien depuis {since} (flux de soins, {of})."


NOTE = ("incident.note",)

REFLEXES: tuple[Reflex, ...] = (
    # --- one alarm opens the crisis; while it is open, the next ones only add lines --------------
    Reflex(
        "rançongiciel probable",
        _is(vault.ALARM),
        lambda e: f"ALARME : {_counted(e)} illisibles sur {e.system}.",
        ("incident.note", "incident.open"),
    ),
    # --- whoever opened it: last fresh kits, then they stay as they are at that hour --------------
    Reflex(
        "crise ouverte",
        _is("incident.opened", "incident.reopened"),
        lambda e: "Crise ouverte : derniers kits faits, puis gelés.",
        ("care.kits.publish", "care.kits.freeze"),
    ),
    Reflex(
        "crise levée",
        _is("incident.closed"),
        lambda e: "Crise levée : les kits se refont comme chaque jour.",
        ("care.kits.thaw",),
    ),
    # --- what machines tell, one line each --------------------------------------------------------
    Reflex(
        "demandes refusées",
        _is(vault.REFUSED),
        lambda e: f"Coffre : {_counted(e)} opposés à {e.system} ({_detail(e, 'cause')}).",
        NOTE,
    ),
    Reflex(
        "objets illisibles",
        _is(vault.GARBAGE),
        lambda e: f"Coffre : {_counted(e)} illisibles déposés par {e.system}.",
        NOTE,
    ),
    Reflex(
        "sauvegarde illisible",
        _is(vault.UNREADABLE),
        lambda e: f"ALARME : une sauvegarde de {e.system} ne se lit pas.",
        NOTE,
    ),
    Reflex(
        "sauvegarde douteuse",
        _is(vault.DOUBTFUL),
        lambda e: f"Sauvegarde douteuse de {e.system} : à regarder.",
        NOTE,
    ),
    Reflex("restauration", _is(vault.RESTORED), _restored, NOTE),
    Reflex("kit fait", _is("care.kit.published"), _published, NOTE),
    Reflex(
        "kit refusé",
        _is("care.kit.refused"),
        lambda e: f"Kit du service {e.system} refusé : {_detail(e, 'why')}. Le dernier bon reste.",
        NOTE,
    ),
    Reflex(
        "kits gelés",
        _is("care.kit.frozen"),
        lambda e: "Kits gelés : ceux publiés à cette heure restent.",
        NOTE,
    ),
    Reflex(
        "kits dégelés",
        _is("care.kit.thawed"),
        lambda e: "Kits dégelés : ils se refont comme chaque jour.",
        NOTE,
    ),
    Reflex(
        "messages non lus",
        _is("care.quarantine"),
        lambda e: f"Flux de soins : {_counted(e)} en quarantaine depuis {e.system}.",
        NOTE,
    ),
    Reflex("flux muet", _is("care.feed.silent"), _fallen_silent, NOTE),
    Reflex(
        "flux de retour",
        _is("care.feed.back"),
        lambda e: f"Flux de soins : {e.system} parle de nouveau ({_detail(e, 'of', _OF)}).",
        NOTE,
    ),
    Reflex(
        "accord refusé",
        _is("accord.refusé", "accord.écarté"),
        lambda e: f"Accord refusé : {_detail(e, 'kind', 'acte')}.",
        NOTE,
    ),
    Reflex(
        "accord donné",
        _is("accord.donné"),
        lambda e: f"Accord donné à deux : {_detail(e, 'kind', 'acte')}.",
        NOTE,
    ),
    Reflex(
        "acte fait seul",
        _is("accord.seul"),
        lambda e: (
            f"Fait par une seule personne, sous la délégation n° {_detail(e, 'delegation')} :"
            f" {_detail(e, 'title', 'acte')}. À confirmer par une autre."
        ),
        NOTE,
    ),
    Reflex(
        "acte fait seul, confirmé ou contesté",
        _is("accord.seul.confirmé", "accord.seul.contesté"),
        lambda e: (
            f"Acte fait seul ({_detail(e, 'title', 'acte')}) :"
            f" {e.what.rpartition('.')[2]} par une autre personne."
        ),
        NOTE,
    ),
    Reflex(
        "conservation gelée ou dégelée",
        _is("conservation.gelée", "conservation.dégelée"),
        lambda e: f"Conservation {e.what.rpartition('.')[2]}.",
        NOTE,
    ),
    Reflex(
        "réflexe retenu",
        _is("incident.reflex.held"),
        lambda e: f"Une alarme n'a pas ouvert la crise : {_detail(e, 'why')}.",
        NOTE,
    ),
)


def consequences(evidence: Evidence, table: Iterable[Reflex] = REFLEXES) -> tuple[Consequence, ...]:
    """What an entry of the ledger entails, in the table's order; nothing for most entries."""
    return tuple(
        Consequence(act, reflex.name, reflex.says(evidence))
        for reflex in table
        if reflex.when(evidence)
        for act in reflex.acts
    )
