"""Which characters the octets of a message stand for (HL7 table 0211, MSH-18).

MSH-18 is believed when the octets agree with it. Absent, unknown or contradicted, the octets
decide: UTF-8 where they are valid UTF-8, else Windows-1252, else ISO 8859-1, and ``known`` is False
(save for plain ASCII, the standard's default). A message read octet by octet up to MSH-18 cannot be
UTF-16, so « UNICODE » is read as UTF-8. Octets 80 to 9F, control characters nobody sends in 8859/1,
are read as Windows-1252 there, as browsers do: « œdème » is a word of the ward.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = {
    "ASCII": "ascii",
    "USASCII": "ascii",
    "UNICODE": "utf-8",
    "UNICODEUTF8": "utf-8",
    "UTF8": "utf-8",
    "CP1252": "cp1252",
    "WINDOWS1252": "cp1252",
    "GB180302000": "gb18030",
    "KSX1001": "euc_kr",
    "BIG5": "big5",
}
_ISO_8859 = re.compile(r"(?:ISO)?(?:IEC)?8859([1-9]|1[013456])")
_MULTIBYTE = {"gb18030", "euc_kr", "big5"}
_C1 = bytes(range(0x80, 0xA0))


class Charset(NamedTuple):
    """``codec``: a Python codec under which the octets come back exactly; ``declared``: MSH-18."""

    codec: str
    known: bool
    declared: str


#: HL7's default where MSH-18 says nothing.
_ASCII = Charset("ascii", True, "")


def codec_of(declared: str) -> str | None:
    """The Python codec of a table 0211 name, tolerant of hyphens and case; None = unknown."""
    key = re.sub(r"[^A-Z0-9]", "", declared.upper())
    iso = _ISO_8859.fullmatch(key)
    return f"iso8859-{iso[1]}" if iso else _NAMES.get(key)


def declared_charset(msh_18: bytes, repetition: str) -> Charset:
    """The charset of the first repetition of MSH-18, believed until the octets are seen.

    Its codec is empty when MSH-18 names none that is known.
    """
    declared = msh_18.decode("latin-1").partition(repetition)[0].strip()
    return Charset(codec_of(declared) or "", True, declared)


def decode(raw: bytes, believed: Charset) -> tuple[str, Charset]:
    """The text of ``raw`` and its charset; never fails, and encoding back gives ``raw`` again.

    The charset is ``believed`` itself where the octets agree with it.
    """
    codec, _, declared = believed
    if codec == "utf-8":
        try:
            return raw.decode(), believed
        except UnicodeDecodeError:
            return _guess(raw, declared)
    if codec == "iso8859-1":
        text, codec = _western(raw)
        return text, believed if codec == "iso8859-1" else Charset(codec, True, declared)
    if not codec and not declared and raw.isascii():
        return raw.decode("ascii"), _ASCII
    if not codec:
        return _guess(raw, declared)
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        return _guess(raw, declared)
    # Several octet strings may spell one character in these: kept only where nothing is lost.
    if codec in _MULTIBYTE and text.encode(codec, "replace") != raw:
        return _guess(raw, declared)
    return text, believed


def decode_octets(octets: bytes, charset: Charset) -> str | None:
    """The text of an ``\\X..\\`` escape in the message's charset; None when it has no such octets.

    Without a declared charset, UTF-8 then Windows-1252 are tried, as for the message itself.
    """
    codecs = (charset.codec,) if charset.declared else (charset.codec, "utf-8", "cp1252")
    for codec in codecs:
        try:
            return octets.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _guess(raw: bytes, declared: str) -> tuple[str, Charset]:
    try:
        return raw.decode("utf-8"), Charset("utf-8", False, declared)
    except UnicodeDecodeError:
        text, codec = _western(raw)
        return text, Charset(codec, False, declared)


def _western(raw: bytes) -> tuple[str, str]:
    if not raw.isascii() and len(raw.translate(None, _C1)) != len(raw):
        try:
            return raw.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            pass  # one of the five octets that Windows-1252 leaves empty
    return raw.decode("iso8859-1"), "iso8859-1"
