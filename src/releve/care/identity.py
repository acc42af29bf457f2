"""Who a message speaks of: numbers, traits, and which numbers are one person.

Every fact stays filed under the number it came with; a merge is a link between two numbers, and who
is who is computed again from all the links, so that undoing one gives back what was there.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

#: CX-4 of an INS (ANS, « référentiel INS »; IHE PAM FR, data types 1.8.2): NIR, NIA, test, demo.
INS_AUTHORITIES = frozenset(f"1.2.250.1.213.1.4.{n}" for n in (8, 9, 10, 11))
#: CX-5 of what numbers a stay, an account, an insured person, but not a patient of this hospital.
_NOT_A_PATIENT = frozenset({"INS", "NI", "NH", "AN", "VN", "SN", "SS", "PN", "XX", "DL", "PPN"})
#: CX-5 of a patient number, the best first; « MR » is what foreign feeds say for « PI ».
_PATIENT_KINDS = ("PI", "MR", "PT", "")
NULL = '""'
#: CX-5 of the numbers that, listed in one PID-3, are one person's; an untyped one may be anything,
#: the social security number of a parent for one.
_LISTED_KINDS = frozenset({"PI", "MR", "PT"})
#: More numbers than that for one person is no word on identity.
_MOST_LISTED = 8
#: Before any hour.
_NEVER = -(2**63)


class Number(NamedTuple):
    """One CX: its type (CX-5), the authority that gives it (OID, else name), the number."""

    kind: str
    authority: str
    number: str

    @property
    def is_ins(self) -> bool:
        """Whether this is a national health identity."""
        return self.kind == "INS" or self.authority in INS_AUTHORITIES


class Traits(NamedTuple):
    """What one message says of a person. None: nothing said; empty: said to be empty."""

    name: str | None = None
    birth_name: str | None = None
    first_names: str | None = None
    born: str | None = None
    sex: str | None = None
    ins: str | None = None
    identity_status: str | None = None


class Version(NamedTuple):
    """What a message said, and how it ranks: identity feeds above the others, then the hour the
    message gives (ms since 1970), then the order of the journal.
    """

    rank: int
    sent: int
    source: int
    traits: Traits


class Link(NamedTuple):
    """« ``gone`` is ``kept`` » (or, ``on`` false, is not any more), as of ``sent`` (ms).

    ``listed``: no merge said it, one PID-3 lists both; ``sent`` is then the latest hour it was
    listed, ``source`` the first message that did, ``kept`` the one of the two received first.
    """

    gone: int
    kept: int
    sent: int
    source: int
    on: bool = True
    listed: bool = False


@lru_cache(maxsize=65_536)
def person_id(authority: str, number: str) -> int:
    """The 64-bit id of a patient number: the first 16 hex digits of SHA-256(authority|number)."""
    digest = hashlib.sha256(f"{authority}|{number}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def key_of(person: int) -> str:
    """An id as an address carries it: 16 hex digits that say nothing of the number."""
    return f"{person & 0xFFFF_FFFF_FFFF_FFFF:016x}"


def id_of(key: str) -> int | None:
    """The inverse of :func:`key_of`; None when ``key`` is not one."""
    if len(key) != 16 or not set(key) <= set("0123456789abcdef"):
        return None
    return int.from_bytes(bytes.fromhex(key), "big", signed=True)


def patient_number(numbers: Iterable[Number]) -> Number | None:
    """The number a hospital knows its patient by (IPP); None when a message gives none."""
    best: Number | None = None
    best_rank = len(_PATIENT_KINDS) + 1
    for number in numbers:
        if not number.number or number.is_ins or number.kind in _NOT_A_PATIENT:
            continue
        known = number.kind in _PATIENT_KINDS
        rank = _PATIENT_KINDS.index(number.kind) if known else len(_PATIENT_KINDS)
        if rank < best_rank:
            best, best_rank = number, rank
    return best


def listed_numbers(numbers: Iterable[Number]) -> tuple[Number, ...]:
    """Those of one PID-3 that are one person's by the sender's own word; empty, or at least two.

    Patient numbers by their type; when none has a type, those that an authority gave. A number
    without any digit but 0 stands for no one.
    """
    local = [n for n in numbers if not n.is_ins and any(c in "123456789" for c in n.number)]
    typed = [n for n in local if n.kind in _LISTED_KINDS]
    listed = typed or [n for n in local if not n.kind and n.authority]
    once = {(n.authority, n.number): n for n in reversed(listed)}
    return tuple(once[key] for key in sorted(once)) if 2 <= len(once) <= _MOST_LISTED else ()


def add_version(versions: list[Version], new: Version) -> None:
    """Keep ``new`` and, of the others, those that still say something nobody said after them."""
    same = next((v for v in versions if v.traits == new.traits and v.rank == new.rank), None)
    if same is not None:
        if new[:3] <= same[:3]:
            return
        versions.remove(same)
    versions.append(new)
    if len(versions) == 1:
        return
    versions.sort(key=lambda v: v[:3], reverse=True)
    said = [False] * len(Traits._fields)
    useful: list[Version] = []
    for version in versions:
        brings = [value is not None and not done
                  for value, done in zip(version.traits, said, strict=True)]  # fmt: skip
        if any(brings):
            useful.append(version)
            said = [done or more for done, more in zip(said, brings, strict=True)]
    versions[:] = useful


def current(versions: list[Version]) -> tuple[tuple[str, ...], int]:
    """The traits to show, field by field the latest said (empty: none), and the latest message."""
    if not versions:
        return ("",) * len(Traits._fields), 0
    if len(versions) == 1:
        return tuple([text or "" for text in versions[0].traits]), versions[0].source
    shown: list[str] = []
    for place in range(len(Traits._fields)):
        said = (v.traits[place] for v in versions)
        shown.append(next((text for text in said if text is not None), ""))
    return tuple(shown), versions[0].source


class _Groups:
    """Numbers joined two by two, and the authorities met in each group."""

    def __init__(self, authorities: Mapping[int, str]) -> None:
        self._authorities = authorities
        self._met: dict[int, set[str]] = {}
        self.parent: dict[int, int] = {}

    def root(self, number: int) -> int:
        if number not in self.parent:
            self.parent[number] = number
            said = self._authorities.get(number)
            self._met[number] = set() if said is None else {said}
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def join(self, gone: int, kept: int) -> None:
        one, other = self.root(gone), self.root(kept)
        if one != other:
            self.parent[one] = other
            self._met[other] |= self._met.pop(one)

    def may_join(self, gone: int, kept: int) -> bool:
        """Whether no authority would then have given two numbers that nobody listed together."""
        one, other = self.root(gone), self.root(kept)
        both = {self._authorities.get(gone)} & {self._authorities.get(kept)}
        return one == other or self._met[one] & self._met[other] <= both


def persons(links: Iterable[Link], authorities: Mapping[int, str] | None = None) -> dict[int, int]:
    """For every number that a live link touches, the number its person is shown under.

    Merges stand. Listings are taken the latest first, each unless parted since, or unless it would
    give a person two numbers of one authority (``authorities``: of each number). The number shown
    is the last ``kept`` of a merge that was itself merged nowhere (in a circle, the last ``kept``);
    without merge, of the numbers listed the first received.
    """
    links = list(links)
    merges = [link for link in links if link.on and not link.listed]
    parted = {frozenset(link[:2]): link[2:4] for link in links if not link.on}
    groups = _Groups(authorities or {})
    for link in merges:
        groups.join(link.gone, link.kept)
    listings: list[Link] = []
    latest_first = sorted(links, key=lambda link: (*link[2:4], *link[:2]), reverse=True)
    for link in latest_first:
        stands = link.listed and link[2:4] > parted.get(frozenset(link[:2]), (_NEVER, _NEVER))
        if stands and groups.may_join(link.gone, link.kept):
            groups.join(link.gone, link.kept)
            listings.append(link)
    shown: dict[int, tuple[bool, bool, int, int, int]] = {}
    merged_away = {link.gone for link in merges}
    listed_away = {link.gone for link in listings}
    for link in [*merges, *listings]:
        when = (0, -link.source) if link.listed else link[2:4]
        away = listed_away if link.listed else merged_away
        candidate = (not link.listed, link.kept not in away, *when, link.kept)
        group = groups.root(link.kept)
        if group not in shown or candidate > shown[group]:
            shown[group] = candidate
    return {n: shown[groups.root(n)][4] for n in list(groups.parent) if groups.root(n) in shown}


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """A name as it is searched: capitals, no accent, one space for any run of signs."""
    for sign, letters in (("œ", "oe"), ("Œ", "OE"), ("æ", "ae"), ("Æ", "AE")):
        text = text.replace(sign, letters)
    decomposed = unicodedata.normalize("NFKD", text.upper())
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(kept).split())
