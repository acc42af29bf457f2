"""Slips on a sealed card are seen before the code is tried; guessing is hopeless."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from releve.care.kit.codes import ALPHABET, BITS, grouped, new_code, read_code
from releve.care.kit.errors import CodeMistyped

CODES = [new_code() for _ in range(20)]


@pytest.mark.parametrize("code", CODES, ids=range(len(CODES)))
def test_any_one_wrong_symbol_and_any_swap_is_seen(code: str) -> None:
    right = read_code(code)
    wrong = {
        right[:i] + other + right[i + 1 :]
        for i in range(len(right))
        for other in ALPHABET
        if other != right[i]
    }
    for i in range(len(right)):
        for j in range(i + 1, len(right)):
            swapped = list(right)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            wrong.add("".join(swapped))
    wrong.discard(right)
    passed = []
    for typed in wrong:
        try:
            read_code(typed)
        except CodeMistyped:
            continue
        passed.append(typed)
    assert passed == []


def test_read_whatever_the_case_spaces_and_look_alikes() -> None:
    code = next(code for code in iter(new_code, "") if "0" in code and "1" in code)
    typed = code.replace("-", "  ").lower().replace("0", "o").replace("1", "l")
    assert read_code(typed) == code.replace("-", "")
    assert grouped(read_code(typed)) == code


@pytest.mark.parametrize(
    ("typed", "why"), [("", "0"), ("ABCD-EFGH", "8"), ("U" * 20, "« U »"), ("é" * 20, "« É »")]
)
def test_what_cannot_be_a_code_says_why(typed: str, why: str) -> None:
    with pytest.raises(CodeMistyped, match=why) as refusal:
        read_code(typed)
    assert "Relisez la carte" in refusal.value.remedy


def test_codes_carry_the_entropy_they_claim() -> None:
    drawn = [read_code(new_code())[:18] for _ in range(4000)]
    assert len(set(drawn)) == len(drawn)
    counts = Counter("".join(drawn))
    total = sum(counts.values())
    bits = -sum(n / total * math.log2(n / total) for n in counts.values())
    assert set(counts) == set(ALPHABET)
    assert bits * 18 > BITS - 0.1
    assert BITS >= 80
