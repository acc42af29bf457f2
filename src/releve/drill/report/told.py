"""What the report says, in words, before any page is laid out.

HTML, PDF and terminal all show this one value, so that none of them tells another story. Every
string of it is inert (:mod:`releve.drill.report.inert`) and in French.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from releve.drill.measures import Result
from releve.drill.report import hospital, hours
from releve.drill.report.catalogue import SABOTAGES, words_for
from releve.drill.report.chapters import Chapter, chapters
from releve.drill.report.inert import inert
from releve.drill.report.recovered import Returned, returned
from releve.drill.report.sentences import limit, three_sentences, verdict
from releve.drill.report.table import Finding, Row, findings_of, rows_of
from releve.kernel.units import duration, thousands

#: Acts of the product, as a director would name them.
_ACTS = {"vault.restore": "restaurer depuis le coffre"}


@dataclass(frozen=True)
class Told:
    """All the words of a report."""

    title: str
    scenario: str
    seed: str
    held: bool
    verdict: str
    sentences: tuple[str, str, str]
    limit: str
    sabotage: str
    played: str
    written: str
    chapters: tuple[Chapter, ...]
    #: What the map says, then (layer, state, names); empty without a map.
    reached: str
    map: tuple[tuple[str, str, str], ...]
    order: tuple[Returned, ...]
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    #: (name, reason)
    not_measured: tuple[tuple[str, str], ...]
    decisions: tuple[str, ...]
    played_acts: tuple[str, ...]
    #: (label, text)
    conditions: tuple[tuple[str, str], ...]
    #: (label, text) of what is compared to check the proof
    anchors: tuple[tuple[str, str], ...]


def tell(result: Result) -> Told:
    """Put ``result`` into words; complete it first (:func:`releve.drill.report.complete`)."""
    return Told(
        title=inert(result.title, 160),
        scenario=inert(result.scenario, 80),
        seed=str(result.seed),
        held=result.ok,
        verdict=verdict(result),
        sentences=three_sentences(result),
        limit=limit(result),
        sabotage=_sabotage(result),
        played=f"{hours.day_and_hour(result.started)}, {duration(result.ended - result.started)}",
        written=hours.day_and_hour(result.ended),
        chapters=chapters(result),
        reached=hospital.sentence(result.account.spots),
        map=hospital.twin(result.account.spots),
        order=returned(result.account),
        rows=rows_of(result),
        findings=findings_of(result),
        not_measured=tuple(
            (inert(words_for(n.id).name, 120), inert(n.reason)) for n in result.not_measured
        ),
        decisions=tuple(inert(decision) for decision in result.decisions),
        played_acts=_acts(result.played_acts),
        conditions=_conditions(result),
        anchors=(
            ("Empreinte de la clé", inert(result.ledger_fingerprint, 200)),
            ("Taille du registre vérifié", thousands(result.ledger_size)),
            ("Racine du registre", inert(result.ledger_root, 200)),
            ("Empreinte de l'histoire jouée (SHA-256)", inert(result.story_sha256, 200)),
        ),
    )


def _acts(acts: tuple[str, ...]) -> tuple[str, ...]:
    """Each act once, in the order it first came, with how many times."""
    named = []
    for act in acts:
        for name, words in _ACTS.items():
            act = act.replace(name, words)
        named.append(inert(act))
    counted = Counter(named)
    return tuple(act if n == 1 else f"{act} ({n} fois)" for act, n in counted.items())


def _sabotage(result: Result) -> str:
    if result.sabotage is None:
        return ""
    name = inert(result.sabotage, 160)
    known = [SABOTAGES[one] for one in result.sabotage.split(",") if one in SABOTAGES]
    if not known:
        return f"Sabotage volontaire « {name} » : l'échec est provoqué par le simulateur."
    wanted = {one.must_miss for one in known}
    missed = {m.id for m in result.measures if m.met is False}
    names = " et ".join(f"« {words_for(measure).name} »" for measure in sorted(wanted))
    only = "la seule mesure" if len(wanted) == 1 else "les seules mesures"
    opening = (
        f"Sabotage volontaire « {name} » : {' ; '.join(one.text for one in known)}. L'exercice"
        f" devait manquer {only} {names}"
    )
    if missed == wanted:
        return f"{opening} : c'est bien ce qui est arrivé, l'exercice sait donc échouer."
    return f"{opening} : ce n'est pas ce qui est arrivé, l'exercice lui-même est à corriger."


def _conditions(result: Result) -> tuple[tuple[str, str], ...]:
    fixed = (
        (
            "Réalité",
            "simulée : postes, serveurs, documents, patients et attaquant sont fictifs ; les"
            " programmes, les disques et les durées sont vrais",
        ),
        (
            "Heures",
            "celle du scénario plus les secondes réellement écoulées ; rien n'est multiplié",
        ),
        (
            "Temps technique",
            "le temps des machines seules ; décider, isoler, nettoyer et vérifier avec les"
            " soignants prend des heures à des semaines de plus",
        ),
    )
    own = tuple((inert(label, 80), inert(text)) for label, text in result.settings.items())
    return own + fixed
