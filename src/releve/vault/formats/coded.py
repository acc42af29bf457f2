"""Texts that are nothing but a coding of something else: base64, base32 or hexadecimal.

A page that holds a picture, or a table with digests in it, is not one: it also holds words or
separators.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

#: Marks at both ends of a block (RFC 7468, OpenPGP armour): they are not content.
_ARMOUR = re.compile(rb"(?m)^-----[A-Z0-9 ]+-----\s*$")
#: Shorter contents hold a key, a token or a digest, and say nothing.
_MIN_CODED = 128
#: Coded words are long; only the last of a text may be shorter.
_MIN_WORD = 32
_HEXADECIMAL = re.compile(rb"[0-9a-f]+|[0-9A-F]+")
_BASE32 = re.compile(rb"[A-Z2-7]+=*")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)=*")
_DIGIT, _SMALL, _CAPITAL = (re.compile(one) for one in (rb"[0-9]", rb"[a-z]", rb"[A-Z]"))


def payload(text: bytes) -> bytes | None:
    """What a text holds when it is wholly coded, or None when it is an ordinary text."""
    words = _ARMOUR.sub(b"", text).split()
    if not words or any(len(word) < _MIN_WORD for word in words[:-1]):
        return None
    coded = b"".join(words)
    if len(coded) < _MIN_CODED or not _DIGIT.search(coded):
        return None
    if _HEXADECIMAL.fullmatch(coded):
        lettered = _SMALL.search(coded) or _CAPITAL.search(coded)
        return bytes.fromhex(coded[: len(coded) & ~1].decode()) if lettered else None
    if _BASE32.fullmatch(coded):
        return _decoded(base64.b32decode, coded.rstrip(b"="), 8) if _mixed(coded) else None
    if _BASE64.fullmatch(coded) and _SMALL.search(coded) and _CAPITAL.search(coded):
        standard = coded.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        return _decoded(base64.b64decode, standard, 4)
    return None


def _mixed(coded: bytes) -> bool:
    """Letters and at least ten different signs: an identifier or a rule of zeros has fewer."""
    return bool(_CAPITAL.search(coded)) and len(set(coded)) >= 10


def _decoded(decode: Callable[[bytes], bytes], coded: bytes, group: int) -> bytes:
    """The content; empty when the coding does not end where it should."""
    try:
        return decode(coded + b"=" * (-len(coded) % group))
    except (binascii.Error, ValueError):
        return b""
