"""The code that opens a ward's kit: eighteen random symbols and two of check.

Crockford's base 32 (no I, L, O, U): O reads as 0, I and L as 1, whatever the case and the spaces.
18 symbols are 90 random bits, so that guessing off line is hopeless and no slow derivation is
needed. The check is a weighted sum modulo the prime 1021: any one wrong symbol and any two swapped
ones are seen before the code is tried. ``js/code.js`` is the same arithmetic.
"""

from __future__ import annotations

import secrets

from releve.care.kit.errors import CodeMistyped

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_SYMBOLS = 18
BITS = 5 * RANDOM_SYMBOLS
_LENGTH = RANDOM_SYMBOLS + 2
_GROUP = 4
_PRIME = 1021
_READ_AS = str.maketrans("OIL", "011")


def new_code() -> str:
    """Five groups of four symbols: ``7K2M-…``."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_SYMBOLS))
    return grouped(drawn + _check(drawn))


def grouped(symbols: str) -> str:
    """In groups of four, as cards show them."""
    return "-".join(symbols[i : i + _GROUP] for i in range(0, len(symbols), _GROUP))


def read_code(typed: str) -> str:
    """The twenty symbols of what somebody typed; raises :class:`CodeMistyped` when it cannot be a
    code, so that a slip is told from a code of another kit.
    """
    kept = "".join(c for c in typed.upper() if not (c.isspace() or c in "-–—_."))
    symbols = kept.translate(_READ_AS)
    strange = sorted({c for c in symbols if c not in ALPHABET})
    if strange:
        raise CodeMistyped(why=f"le signe « {strange[0]} » n'existe dans aucun code")
    if len(symbols) != _LENGTH:
        raise CodeMistyped(why=f"il faut {_LENGTH} signes, vous en avez tapé {len(symbols)}")
    if _check(symbols[:RANDOM_SYMBOLS]) != symbols[RANDOM_SYMBOLS:]:
        raise CodeMistyped(why="un signe au moins est faux, ou deux sont inversés")
    return symbols


def _check(drawn: str) -> str:
    total = sum(place * ALPHABET.index(c) for place, c in enumerate(drawn, 1)) % _PRIME
    return ALPHABET[total // 32] + ALPHABET[total % 32]
