"""What an evidence may hold, and what the refusal of another says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.kernel.home import FinessRefused, Home
from releve.kernel.world import Reality
from releve.ledger import Evidence, check_home, encode, from_json
from releve.ledger.errors import BadEvidence, EvidenceTooLarge, WrongReality
from releve.ledger.evidence import EXAMPLE, from_entry
from tests.ledger.examples import REAL_FINESS, evidence


def test_the_example_shown_with_every_refusal_is_itself_accepted(home: Home) -> None:
    check_home(from_json(EXAMPLE), home)


def test_written_canonically_and_read_back() -> None:
    one = evidence(value=1.5e-7, detail={"taille": 12, "note": "é « » 😀"})
    data = encode(one)
    assert from_entry(data) == one
    assert data.startswith(b'{"commitments":{},"detail":')
    assert b'"value":1.5e-7' in data  # RFC 8785 §3.2.2.3, as ECMAScript writes it


@settings(deadline=None)
@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.floats(-(2**53) + 1, 2**53 - 1),
        st.text(st.characters(exclude_categories=["C"], exclude_characters="\\/")),
    )
)
def test_any_value_comes_back(value: Any) -> None:
    one = evidence(value=value)
    again = from_entry(encode(one))
    assert again.value == value
    assert encode(again) == encode(one)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("what", "", "non vide"),
        ("what", "a\x00b", "commande"),
        ("what", "\ud800", "incomplet"),
        ("what", "chiffré : /home/dupont/CR op.docx", "engagement salé"),
        ("system", r"C:\Users\dupont", "engagement salé"),
        ("system", 4, "texte"),
        ("when", "hier", "ISO 8601"),
        ("when", "2026-11-23T01:00:00", "fuseau"),
        ("value", [1], "un nombre"),
        ("value", 2**53, "2⁵³"),
        ("value", 2.0**53, "2⁵³"),
        ("unit", None, "unité"),
        ("tool", {"name": "x"}, "version"),
        ("tool", {"name": "x", "version": ""}, "non vide"),
        ("finess", "990000011", "clé"),
        ("finess", None, "il manque"),
        ("reality", "réel", "terrain"),
        ("reality", ["simulé"], "terrain"),
        ("kind", "Mesure", "minuscules"),
        ("origin", "a b", "lettres"),
        ("number", True, "entier"),
        ("number", -1, "entier"),
        ("number", 1.0, "entier"),
        ("sha256", "AB" * 32, "64 chiffres"),
        ("commitments", {"nom": "DUPONT"}, "64 chiffres"),
        ("commitments", [], "objet"),
        ("detail", {"Nom Patient": 1}, "nom refusé"),
        ("detail", {"a": {"b": 1}}, "un nombre"),
        ("rule", "", "non vide"),
    ],
)
def test_a_bad_field_is_named_with_an_example(field: str, value: object, why: str) -> None:
    fields = {**json.loads(EXAMPLE), field: value}
    with pytest.raises(BadEvidence, match=why) as refused:
        from_json(json.dumps(fields))
    assert f"« {field}" in str(refused.value)
    assert "PC-LABO-04" in refused.value.remedy


@pytest.mark.parametrize("field", ["what", "when", "value", "reality", "origin", "number"])
def test_a_missing_field_is_named(field: str) -> None:
    fields = json.loads(EXAMPLE)
    del fields[field]
    with pytest.raises(BadEvidence, match=f"« {field} » : il manque"):
        from_json(json.dumps(fields))


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(BadEvidence, match="« patient » : ce champ n'existe pas"):
        from_json(json.dumps({**json.loads(EXAMPLE), "patient": "DUPONT"}))


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[]", b"null", b"[" * 70_000, b'{"a":1,"a":2}', b'{"value":NaN}', b"1" * 9000],
)
def test_what_is_not_one_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(BadEvidence):
        from_json(data)


def test_too_large_says_to_pass_by_the_hash() -> None:
    with pytest.raises(EvidenceTooLarge, match="65535") as refused:
        encode(evidence(detail={"texte": "x" * 65_535}))
    assert "SHA-256" in refused.value.remedy


def test_an_entry_written_otherwise_than_canonically_is_refused() -> None:
    data = encode(evidence())
    for other in (data + b" ", data.replace(b":1,", b": 1,"), data.replace(b'"PC', b'"\\u0050C')):
        with pytest.raises(BadEvidence, match="canonique"):
            from_entry(other)


def test_simulated_and_real_never_mix(home: Home, real_home: Home) -> None:
    real = evidence(reality=Reality.TECHNICAL, finess=REAL_FINESS)
    check_home(evidence(), home)
    check_home(real, real_home)
    for one, wrong in ((real, home), (evidence(), real_home)):
        with pytest.raises(WrongReality):
            check_home(one, wrong)
    with pytest.raises(FinessRefused):
        check_home(evidence(finess=REAL_FINESS), home)
    with pytest.raises(FinessRefused):
        check_home(evidence(reality=Reality.FIELD), real_home)


def test_nine_zeros_are_appended_nowhere_yet_can_be_read(real_home: Home) -> None:
    nobody = evidence(reality=Reality.TECHNICAL, finess="000000000")
    with pytest.raises(BadEvidence, match="neuf zéros"):
        check_home(nobody, real_home)
    assert from_entry(encode(nobody)) == nobody


def test_built_by_a_program_it_is_checked_as_strictly() -> None:
    with pytest.raises(BadEvidence, match="unit"):
        evidence(unit="")
    with pytest.raises(BadEvidence, match="fini"):
        evidence(value=float("nan"))
    assert isinstance(evidence(value=None, unit=None), Evidence)
