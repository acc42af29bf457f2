"""The figures: what programs read, and what people read of the same result."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from releve.drill.measures import Measure, NotMeasured, Target, Value
from releve.drill.report import complete, inert, tell, to_json
from releve.drill.report.catalogue import CATALOGUE, SABOTAGES
from releve.drill.report.figures import aimed, obtained
from releve.drill.report.hours import day_and_hour
from tests.drill import sample

KEYS = {"scenario", "seed", "ok", "story_sha256", "measures", "ledger", "not_measured"}


def test_the_json_has_exactly_the_announced_shape() -> None:
    figures = json.loads(json.dumps(to_json(sample.held())))
    assert set(figures) == KEYS
    assert set(figures["ledger"]) == {"size", "root"}
    for measure in figures["measures"]:
        assert set(measure) == {"id", "value", "unit", "target", "met", "evidence"}
        assert measure["evidence"] >= 1
    assert figures["ok"] is True
    by_id = {m["id"]: m for m in figures["measures"]}
    assert by_id["detect.seconds"]["target"] == {"op": "<=", "value": 80}
    assert by_id["ledger.verified"]["value"] is True


def test_a_measure_without_target_is_neither_met_nor_missed() -> None:
    by_id = {m["id"]: m for m in _measures(sample.missed())}
    assert by_id["detect.files_lost"]["target"] is None
    assert by_id["detect.files_lost"]["met"] is None


def test_an_alarm_never_seen_is_null_and_missed() -> None:
    by_id = {m["id"]: m for m in _measures(sample.missed())}
    assert (by_id["detect.seconds"]["value"], by_id["detect.seconds"]["met"]) == (None, False)


def test_a_target_not_measured_makes_the_drill_fail_and_says_why() -> None:
    result = replace(
        sample.held(),
        not_measured=(NotMeasured("restore.p0_seconds", "base absente", had_target=True),),
    )
    figures = to_json(result)
    assert figures["ok"] is False
    assert figures["not_measured"] == [
        {"id": "restore.p0_seconds", "reason": "base absente", "had_target": True}
    ]


@pytest.mark.parametrize("forgotten", list(CATALOGUE))
def test_a_drill_that_forgets_a_measure_does_not_pass_for_it(forgotten: str) -> None:
    silent = replace(
        sample.held(), measures=tuple(m for m in sample.held().measures if m.id != forgotten)
    )
    whole = complete(silent)
    assert forgotten in {n.id for n in whole.not_measured}
    assert whole.ok is not CATALOGUE[forgotten].had_target
    assert complete(whole) == whole


def test_complete_changes_nothing_when_all_is_told() -> None:
    assert complete(sample.held()) == sample.held()


@pytest.mark.parametrize(
    ("value", "unit", "target", "shown"),
    [
        (22.0, "s", Target("<=", 80), "22 s"),
        (22.4449, "s", Target("<=", 80), "22,4 s"),
        (80.04, "s", Target("<=", 80), "80,04 s"),  # never « 80 s, visé 80 s, manqué »
        (80.0004, "s", Target("<=", 80), "80,0004 s"),
        (4812, "fichiers", None, "4 812 fichiers"),
        (1, "fichiers", None, "1 fichier"),
        (0, "fichiers", None, "0 fichier"),
        (True, "", Target("==", True), "oui"),
        (False, "bool", Target("==", True), "non"),
        (None, "s", Target("<=", 80), "rien obtenu"),
    ],
)
def test_a_figure_reads_as_its_verdict(
    value: Value, unit: str, target: Target | None, shown: str
) -> None:
    measure = Measure("propre.au_scenario", value, unit, target, 3, "simulateur")
    assert obtained(measure).replace("\u202f", " ") == shown


def test_a_share_is_read_against_what_should_have_been() -> None:
    found = Measure("vault.restored_identical", 340, "fichiers", Target("==", 342), 3, "simulateur")
    assert obtained(found) == "340 sur 342"


def test_what_was_aimed_at_is_written_with_its_unit() -> None:
    assert aimed(Target("<=", 80), "s").replace("\u202f", " ") == "≤ 80 s"
    assert aimed(Target("==", 0), "objets").replace("\u202f", " ") == "0 objet"
    assert aimed(None, "s") == "sans cible"


def test_the_three_sentences_tell_success_and_its_limit() -> None:
    told = tell(sample.held())
    first, second, third = told.sentences
    assert "les 18 objectifs visés ont tous été tenus" in first and "simulé" in first
    assert "premier dossier de patient a été lu en 4,7" in second
    assert "les 302 patients présents étaient tous dans les kits" in second
    assert "aucun message confirmé n'a été perdu" in second
    assert "18,9" in third and "12 fichiers" in third and "résisté aux 14" in third
    assert "revenus dans l'ordre" in third and "temps technique" in third
    assert "10 machines réelles sur 960" in told.limit and "vos propres machines" in told.limit


def test_the_three_sentences_are_short_enough_to_repeat() -> None:
    assert all(len(sentence.split()) <= 45 for sentence in tell(sample.held()).sentences)


def test_the_three_sentences_hide_no_failure() -> None:
    first, _, third = tell(sample.missed()).sentences
    assert "3 objectifs sur 18 n'ont pas été tenus" in first
    assert "1 n'a pas pu être mesuré (dépôts confirmés puis perdus)" in first
    assert "Aucune alarme n'a été donnée" in third and "1 des 14 tentatives" in third
    assert "plus tard que visé" in third


def test_sentences_say_what_was_not_measured_rather_than_nothing() -> None:
    nothing = complete(replace(sample.held(), measures=()))
    first, second, third = tell(nothing).sentences
    assert "18 objectifs sur 18 n'ont pas pu être mesurés" in first
    assert "aucun dossier de patient n'a été ouvert" in second
    assert "n'a pas été mesuré" in third and "n'a pas été mesurée" in third


def test_without_kits_the_report_says_that_nothing_was_opened() -> None:
    told = tell(sample.without_kits())
    assert "aucun dossier de patient n'a été ouvert" in told.sentences[1]
    assert "dans les kits" not in told.sentences[1]
    last = told.chapters[-1].told
    assert "kits non construits" in last and "Patients retrouvés" not in last


#: What a measure may turn out to be; « absent » = the drill reported nothing of it.
_FATES = ("held", "missed", "nothing", "absent", "not measured")


@pytest.mark.parametrize("fate", _FATES)
@pytest.mark.parametrize("measure_id", list(CATALOGUE))
@pytest.mark.parametrize("rest", ["held", "absent"])
def test_a_report_survives_every_fate_of_every_measure(
    measure_id: str, fate: str, rest: str
) -> None:
    base = sample.held()
    others = [m for m in base.measures if m.id != measure_id] if rest == "held" else []
    result = replace(base, measures=(*others, *_fated(measure_id, fate)))
    if fate == "not measured":
        result = replace(result, not_measured=(NotMeasured(measure_id, "empêché", True),))
    told = tell(complete(result))
    for sentence in (*told.sentences, told.limit, *(c.told for c in told.chapters)):
        assert "None" not in sentence and "  " not in sentence and ".." not in sentence
        assert sentence == "" or sentence.endswith(".")
    if fate in ("missed", "not measured") and rest == "held":
        assert "tous été tenus" not in told.sentences[0]


def _fated(measure_id: str, fate: str) -> list[Measure]:
    measure = next(m for m in sample.held().measures if m.id == measure_id)
    if fate in ("absent", "not measured"):
        return []
    if fate == "held":
        return [measure]
    target = measure.target or Target("==", 12)
    if fate == "nothing":
        return [replace(measure, value=None, target=target)]
    bad: Value = False if isinstance(measure.value, bool) else 1 if target.op != "<=" else 10**6
    return [replace(measure, value=bad, target=target)]


def test_each_failure_says_what_to_do_and_who() -> None:
    findings = tell(sample.missed()).findings
    assert [f.state for f in findings] == ["○ manqué"] * 3 + ["– non mesuré"]
    assert all(f.remedy and f.who and f.meaning for f in findings)


def test_a_measure_not_taken_stands_in_the_table_in_its_place() -> None:
    rows = tell(sample.missed()).rows
    assert [row.id for row in rows] == list(CATALOGUE)
    row = next(row for row in rows if row.id == "vault.acknowledged_lost")
    assert (row.obtained, row.state) == ("non mesuré", "– non mesuré")


@pytest.mark.parametrize("name", list(SABOTAGES))
def test_a_sabotage_says_whether_it_made_the_one_measure_miss(name: str) -> None:
    target = SABOTAGES[name].must_miss
    caught = replace(
        sample.held(),
        sabotage=name,
        measures=tuple(
            replace(m, value=None) if m.id == target else m for m in sample.held().measures
        ),
    )
    assert "c'est bien ce qui est arrivé" in tell(caught).sabotage
    assert "ce n'est pas ce qui est arrivé" in tell(replace(sample.held(), sabotage=name)).sabotage


@pytest.mark.parametrize("text", sample.HOSTILE)
def test_no_acting_code_point_survives(text: str) -> None:
    shown = inert(text)
    shown.encode("utf-8")
    assert shown.isprintable()
    assert len(shown) < 700


def test_inert_keeps_french_as_it_is() -> None:
    text = "Élise a reçu « l'œuvre » à 03:12 — 4\u202f812 fichiers, naïve façade €"
    assert inert(text) == text


def test_hours_are_those_of_paris_and_say_so() -> None:
    assert day_and_hour(sample.PLAYED) == "23 nov. 2026 à 17:03 (heure de Paris)"


def _measures(result: object) -> list[dict[str, object]]:
    figures = to_json(result)  # type: ignore[arg-type]
    found = figures["measures"]
    assert isinstance(found, list)
    return found
