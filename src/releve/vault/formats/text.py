"""Text: is it still text, and is it still *a* text and not ciphertext dressed in letters?

Ciphertext passed through base64, hexadecimal or a substitution is perfectly valid text, so the
previous version is the only witness: what remains of its words, and whether the new letters carry
any language at all.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from releve.vault.formats.magic import magic_of
from releve.vault.formats.reading import Reading, State

#: Controls that honest text holds: tab, line and page ends, escape, HL7 and ASCII separators.
_ALLOWED = np.zeros(256, dtype=bool)
_ALLOWED[list(b"\t\n\r\x0b\x0c\x1b\x1c\x1d\x1e\x1f")] = True
_CONTROL = np.zeros(256, dtype=bool)
_CONTROL[:32] = True
_CONTROL[127] = True
_CONTROL &= ~_ALLOWED
#: Bytes over 0x7f that Windows-1252 text uses: letters, quotes, dashes, degree, currency.
_LETTERLIKE = np.zeros(256, dtype=bool)
_LETTERLIKE[0xC0:] = True
_LETTERLIKE[list(bytes("«»°€’‘“”–—…œŒ²³µ§·•\xa0\xba\xaa", "cp1252"))] = True
_UNDEFINED_1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: Above this share of high bytes a single-byte text is not French.
_MAX_HIGH = 0.30
_SAMPLE = 1 << 20
_BLOB = re.compile(rb"[A-Za-z0-9+/_=-]{40,}")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]{4,}")
#: How a page or an XML export begins: a declaration, a remark, or a tag with a name.
_MARKUP = re.compile(rb"<(?:[!?][^<]*|[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?)>")
#: Under this size deflate says nothing of a text.
_TELLING = 256

Histogram = NDArray[np.float64]


@dataclass(frozen=True)
class _Shape:
    """Counts over one text. ``high`` and ``odd`` are bytes over 0x7f, ``odd`` those no French text
    holds.
    """

    size: int
    controls: int
    high: int
    odd: int
    utf8: bool
    multibyte: int


def looks_like_text(data: bytes) -> bool:
    """True for UTF-8, UTF-16 with a mark, or Windows-1252 text without stray controls."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decodes_utf16(data, encoding)
    shape = _shape(data)
    if shape.controls > shape.size // 2000:
        return False
    if shape.utf8:
        return True
    counts = np.bincount(np.frombuffer(data, np.uint8), minlength=256)
    return shape.high <= _MAX_HIGH * shape.size and not counts[list(_UNDEFINED_1252)].any()


def read_text(data: bytes) -> Reading:
    """Sound when :func:`looks_like_text`; there is no other structure to demand of a text."""
    if looks_like_text(data):
        return Reading("text", State.SOUND)
    return Reading("text", State.BROKEN, "des octets qu'aucun texte ne contient")


def compare_texts(before: bytes, after: bytes) -> str:
    """Why ``after`` is not an edit of ``before`` (French), or an empty string; both are text."""
    for rule in (_new_controls, _one_character, _blob, _noise, _substitution):
        if reason := rule(before, after):
            return reason
    return ""


def stands_for_document(data: bytes) -> bool:
    """True for text that programs save under an office name: HTML, XML, or a table with the same
    separator on most lines.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if len(text) >= _TELLING and _no_redundancy(text):
        return False
    if _MARKUP.match(text[:4096]):
        return True
    lines = [line for line in text[:_SAMPLE].splitlines() if line.strip()]
    return any(
        len(lines) >= 2 and sum(sign in line for line in lines) >= 0.8 * len(lines)
        for sign in (b";", b"\t", b",", b"|")
    )


def _decodes_utf16(data: bytes, encoding: str) -> bool:
    try:
        text = data[: len(data) & ~1].decode(encoding)
    except UnicodeDecodeError:
        return False
    return "\x00" not in text[:_SAMPLE]


def _shape(data: bytes) -> _Shape:
    array = np.frombuffer(data, np.uint8)
    counts = np.bincount(array, minlength=256)
    utf8, multibyte = _utf8(data)
    high = int(counts[128:].sum())
    return _Shape(
        size=len(data),
        controls=int(counts[_CONTROL].sum()),
        high=high,
        odd=high - int(counts[_LETTERLIKE].sum()),
        utf8=utf8,
        multibyte=multibyte,
    )


def _utf8(data: bytes) -> tuple[bool, int]:
    """Whether it decodes (a character cut at the very end is forgiven), and the accents decoded."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return True, 0
        text = data.decode("utf-8", "ignore")
        return False, len(text) - len(text.encode("ascii", "ignore"))
    return True, len(text) - len(text.encode("ascii", "ignore"))


def _new_controls(before: bytes, after: bytes) -> str:
    if any(data.startswith(mark) for data in (before, after) for mark, _ in _BOMS):
        return ""
    old, new = _shape(before), _shape(after)
    if new.controls >= old.controls + 2 and new.controls * old.size > 2 * old.controls * new.size:
        return "des octets de contrôle sont apparus dans le texte"
    if old.utf8 and not new.utf8:
        if new.odd >= 2 and new.odd * 20 > new.high:
            return "des octets qui ne sont d'aucune langue sont apparus dans le texte"
        if old.multibyte and new.multibyte * 2 >= old.multibyte and new.high > 2 * old.high + 8:
            return "le codage du texte n'est plus cohérent"
    return ""


def _one_character(before: bytes, after: bytes) -> str:
    if len(after) >= 64 and len(set(after)) <= 2 and len(set(before)) >= 8:
        return "le texte n'est plus qu'un caractère répété"
    return ""


def _blob(before: bytes, after: bytes) -> str:
    """Base64-like runs that came where words were. Pictures and certificates are told apart: they
    decode to a known type, or the words around them stayed.
    """
    old_runs = {run.lower() for run in _runs(before)}
    new_runs = [run for run in _runs(after) if run.lower() not in old_runs]
    blob = sum(map(len, new_runs))
    old_share = sum(map(len, old_runs)) / max(1, len(before))
    if not blob or old_share > 0.25 or _decodes_to_known(new_runs, after):
        return ""
    whole = blob > 0.5 * len(b"".join(after.split()))
    if whole and _retained(before, after) < 0.5 and _no_redundancy(b"".join(new_runs)):
        return "le texte est remplacé par un bloc codé (base64 ou semblable)"
    if blob >= 256 and old_share < 0.05 and _no_redundancy(b"".join(new_runs)):
        lost = _lost(before, after)
        if lost >= 0.4 * blob and lost >= 0.03 * len(before):
            return "des passages du texte sont remplacés par des blocs codés"
    return ""


def _noise(before: bytes, after: bytes) -> str:
    """Printable, but with nothing of the old words and no redundancy: encoded ciphertext."""
    if len(after) < 512 or _cosine(_fold(_counts(before)), _fold(_counts(after))) > 0.85:
        return ""
    if _retained(before, after) > 0.05 or not _no_redundancy(after):
        return ""
    return "le texte est remplacé par des caractères sans langue (données codées)"


def _substitution(before: bytes, after: bytes) -> str:
    """The same letter frequencies carried by other letters: ROT13, XOR with one byte, any table."""
    if len(before) < 96 or abs(len(after) - len(before)) > max(256, len(before) // 50):
        return ""
    if _retained(before, after) >= 0.2:
        return ""
    for view in (_counts, _letters):
        old, new = view(before), view(after)
        varied = min(np.count_nonzero(old), np.count_nonzero(new)) >= 10
        folded = _cosine(_fold(old), _fold(new))
        if varied and folded < 0.8 and _cosine(np.sort(old), np.sort(new)) > 0.985:
            return "les lettres du texte sont permutées (substitution)"
    return ""


def _runs(data: bytes) -> list[bytes]:
    """Long runs of the base64 alphabets with enough variety not to be rules of dashes or zeros."""
    return [run for run in _BLOB.findall(data[: 8 * _SAMPLE]) if len(set(run)) >= 10]


def _decodes_to_known(runs: list[bytes], whole: bytes) -> bool:
    """True when what the longest run holds is a file of a known type (a picture in a page)."""

    longest = max(runs, key=len)
    start = whole.find(longest)
    first = runs[0]
    for run in {longest, first}:
        head = run[:1400].translate(bytes.maketrans(b"-_", b"+/"))
        try:
            decoded = base64.b64decode(head[: len(head) // 4 * 4])
        except (binascii.Error, ValueError):
            continue
        if magic_of(decoded) or (start > 0 and looks_like_text(decoded)):
            return True
    return False


def _words(data: bytes) -> set[bytes]:
    return set(_WORD.findall(data[:_SAMPLE].lower()))


def _retained(before: bytes, after: bytes) -> float:
    """The share of the old version's distinct words that the new one still holds."""
    old = _words(before)
    return len(old & _words(after)) / len(old) if old else 0.0


def _lost(before: bytes, after: bytes) -> int:
    """Octets of the old version's lines or sentences that the new one no longer holds."""
    pieces = [piece for piece in re.split(rb"[\n\r.;]+", before[:_SAMPLE]) if len(piece) > 8]
    kept = set(re.split(rb"[\n\r.;]+", after[: 2 * _SAMPLE]))
    return sum(len(piece) for piece in pieces if piece not in kept)


def _counts(data: bytes) -> Histogram:
    """Octet counts, white space left out: most ciphers of letters keep it."""
    counts = np.bincount(np.frombuffer(data, np.uint8), minlength=256).astype(np.float64)
    counts[list(b" \t\r\n")] = 0
    return counts


def _letters(data: bytes) -> Histogram:
    """Counts of unaccented letters only: figures and signs stay as they are under ROT13."""
    counts = _counts(data)
    counts[[value for value in range(256) if not bytes([value]).isalpha()]] = 0
    return counts


def _fold(counts: Histogram) -> Histogram:
    """Upper and lower case added together."""
    folded = counts.copy()
    folded[97:123] += folded[65:91]
    folded[65:91] = 0
    return folded


def _cosine(one: Histogram, other: Histogram) -> float:
    scale = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / scale if scale else 1.0


def _no_redundancy(data: bytes) -> bool:
    """True when deflate gains nothing beyond the alphabet: random symbols, whatever the encoding.

    Under 256 octets deflate says nothing either way and the shape alone decides (True).
    """
    sample = b"".join(data[: _SAMPLE // 4].split())
    if len(sample) < _TELLING:
        return True
    counts = np.bincount(np.frombuffer(sample, np.uint8), minlength=256)
    shares = counts[counts > 0] / len(sample)
    entropy: float = -sum(share * math.log2(share) for share in shares.tolist())
    return entropy > 2 and len(zlib.compress(sample, 6)) >= 0.93 * len(sample) * entropy / 8


def read_rtf(data: bytes) -> Reading:
    """RTF is ASCII with balanced braces; pictures inside are hexadecimal text."""
    body = data.rstrip(b"\0\r\n \t")
    if not body.endswith(b"}") or not looks_like_text(body):
        return Reading("rtf", State.BROKEN, "document RTF incomplet ou mêlé d'octets étrangers")
    return Reading("rtf", State.SOUND)
