"""What a telephone number is: premium, foreign, or one that may be dialled without a thought.

The rules are those of ``numbering.toml``, with their source.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


def plain(phone: str) -> str:
    """« +33 (0)6 39 98 00 12 », « 06.39.98.00.12 » → « 0639980012 »; « +41… » → « 0041… »."""
    digits = re.sub(r"[\s.\u00a0\u202f-]|\(0\)", "", phone)
    return re.sub(r"^0033", "0", re.sub(r"^\+", "00", digits))


def trouble(phone: str, *, short: bool = True) -> tuple[str, str] | None:
    """(what it is, what to write instead) of a premium or foreign number; None of any other.
    ``short`` is False where a few digits are an extension of the house.
    """
    rules, digits = _rules(), plain(phone)
    if digits.startswith("00"):
        if digits.startswith(tuple(f"00{code}" for code in rules["overseas"])):
            return None
        what = "numéro étranger"
        return what, "Numéro étranger : écrivez un numéro français, +33… ou de l'outre-mer."
    if _is_premium(digits, short=short):
        what = "numéro surtaxé"
        return what, "Numéro surtaxé (08 9…, 118…, 3…) : écrivez la ligne directe, à dix chiffres."
    return None


def _is_premium(digits: str, *, short: bool) -> bool:
    rules = _rules()
    if len(digits) == 4:
        return short and digits[0] == rules["short"] and digits not in rules["national_short"]
    return len(digits) in (6, 10) and digits.startswith(tuple(rules["premium"]))


@cache
def _rules() -> dict[str, Any]:
    text = files("releve.establishment").joinpath("numbering.toml").read_text("utf-8")
    return tomllib.loads(text)
