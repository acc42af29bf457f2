"""Whom a cell of a rota means, among the people of the establishment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from releve.establishment.imports.names import read_name
from releve.establishment.imports.phones import read_phones
from releve.establishment.imports.services import stem
from releve.establishment.model import Establishment, Person
from releve.establishment.words import cleaned, key

_PHONE = re.compile(r"(?:\+|00)?\d(?:[\s.\-/()]*\d){5,}")
_NOBODY = re.compile(
    r"(non pourvu\w*|a pourvoir|pourvoir|vacant\w*|vacance|personne|neant|aucun\w*|sans|"
    r"a definir|a designer|a completer|a voir|xxx*|tbd|nc|n c|na|n a)"
)
_PLAIN = re.compile(r"[-–—_./?*\s]*")
_SPLIT = re.compile(r"\s*(?:/|;|\+|\n|&|,(?=\s*Dr)|\bet\b|\bou\b|\bpuis\b)\s*", re.IGNORECASE)
_DITTO = re.compile(r"(?i)idem|id\.|ditto|[↓⇓→⇒〃″\"”“»]{1,2}|''|//")
_EITHER = re.compile(r"\S\s+ou\s+\S", re.IGNORECASE)
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
#: A trade that the name of a rota speaks of → words of the trades that answer.
_TRADES: Mapping[str, tuple[str, ...]] = {
    "direction": ("directeur", "directrice", "attache"),
    "directeur": ("directeur", "directrice", "attache"),
    "administrateur": ("directeur", "directrice", "attache", "cadre"),
    "administratif": ("directeur", "directrice", "attache"),
    "informatique": ("informaticien", "informatique", "rssi", "ingenieur"),
    "cadre": ("cadre",),
    "cadres": ("cadre",),
    "pharmacie": ("pharmacien",),
    "pharmacien": ("pharmacien",),
    "pharmaciens": ("pharmacien",),
    "biomedical": ("biomedical",),
    "technique": ("technique", "technicien", "ouvrier"),
    "medicale": ("medecin", "chirurgien"),
    "medecin": ("medecin",),
}


@dataclass(frozen=True)
class Found:
    """``people``: ids; ``why`` not empty = not taken, with whom it may be (``candidates``).
    ``confirm`` not empty = taken for a reason that a person should confirm.
    """

    people: tuple[str, ...] = ()
    why: str = ""
    confirm: str = ""
    candidates: tuple[str, ...] = ()


class Named:
    """People by the forms under which a rota names them."""

    def __init__(self, establishment: Establishment | None) -> None:
        self._people = establishment.people if establishment else ()
        self._services = {s.code: s.name for s in establishment.services} if establishment else {}
        self._by_last: dict[str, list[Person]] = {}
        for person in self._people:
            self._by_last.setdefault(key(person.last_name), []).append(person)
        self._by_id = {key(person.id): person for person in self._people}
        self.initials: dict[str, str] = {}
        self._shared: set[str] = set()
        self._cited: dict[str, set[str]] = {}
        self._likened: dict[tuple[str, str], str] = {}

    def learn_initials(self, short: str, name: str) -> bool | None:
        """From a table of initials beside the grid: True once learnt, False when they are already
        somebody else's (then they are nobody's any more), None when nobody has that name.
        """
        people = self._matching(_bare(name))
        if len(people) != 1:
            return None
        said = key(short)
        if said in self._shared:
            return None
        if self.initials.setdefault(said, people[0].id) == people[0].id:
            return True
        self._shared.add(said)
        del self.initials[said]
        return False

    def cite(self, text: str, rota: str) -> None:
        """Remember whom a cell names whole: an abridged name in the same rota is theirs."""
        for part in _parts(text):
            words = key(_bare(part)).split()
            people = self._matching(_bare(part))
            if len(people) == 1 and set(key(people[0].first_name).split()) < set(words):
                self._cited.setdefault(rota, set()).add(people[0].id)

    @property
    def likened(self) -> list[str]:
        """Abridged names read as those of people named whole elsewhere, to be said."""
        return [
            f"« {name} » lu {whom}, nommé en entier ailleurs dans « {rota} »"
            for (name, rota), whom in self._likened.items()
        ]

    def known(self, text: str) -> bool:
        """Whether a text is the name of somebody, one or several."""
        bare = _bare(text)
        return bool(bare) and bool(self._matching(bare))

    def read(self, text: str, rota: str, phone: str = "") -> list[tuple[str, Found]]:
        """Each name of a cell and whom it means; empty when the cell names nobody."""
        plain = cleaned(text.replace("\n", " ; "))
        if is_nobody(plain):
            return []
        numbers = " ".join(_PHONE.findall(plain))
        parts = _parts(text)
        if not parts:
            return []
        if len(parts) > 1 and _EITHER.search(plain):
            return [(plain, Found((), "plusieurs noms au choix"))]
        reach = numbers if len(parts) == 1 else ""
        return [(part, self.one(part, rota, f"{reach} {phone}".strip())) for part in parts]

    def one(self, name: str, rota: str, phone: str = "") -> Found:
        """Whom one name means."""
        bare = _bare(name)
        said = key(bare)
        if said in self.initials:
            return Found((self.initials[said],))
        if said in self._by_id:
            return Found((self._by_id[said].id,))
        found = self._matching(bare)
        if not found:
            return Found((), "inconnu des agents", candidates=self._close(bare))
        if len(found) == 1:
            return Found((found[0].id,))
        numbers = set(read_phones(phone).all)
        reached = [p for p in found if numbers & {p.phone, *p.other_phones.split(" / ")}]
        if len(reached) == 1:
            return Found((reached[0].id,))
        cited = self._named_whole(found, bare, rota)
        if cited:
            whom = told(cited, self._services)
            if read_name(bare).first:
                self._likened[name, rota] = whom
                return Found((cited.id,))
            confirm = f"lu {whom}, seul de ce nom nommé en entier dans cette astreinte"
            return Found((cited.id,), confirm=confirm)
        if len(said.split()) > 1 or read_name(bare).first:
            best = self._fitting(found, rota)
            if len(best) == 1:
                return Found((best[0].id,))
        names = tuple(told(person, self._services) for person in self._by_fit(found, rota))
        return Found((), "plusieurs agents portent ce nom", candidates=names)

    def _matching(self, bare: str) -> list[Person]:
        """People whose name it may be: whole, with an initial, or the surname alone."""
        words = key(bare).split()
        if not words:
            return []
        exact: list[Person] = []
        partial: list[Person] = []
        for size in range(len(words), 0, -1):
            for last, rest in (
                (words[:size], words[size:]),
                (words[len(words) - size :], words[: len(words) - size]),
            ):
                for person in self._by_last.get(" ".join(last), ()):
                    first = key(person.first_name).split()
                    if rest and rest == first:
                        exact.append(person)
                    elif not rest or _abridged(rest, first):
                        partial.append(person)
        return list(dict.fromkeys(exact or partial))

    def _named_whole(self, found: Sequence[Person], bare: str, rota: str) -> Person | None:
        """The one among them whom the same rota names whole elsewhere; for a surname alone, only
        when the rota's trade fits nobody else as well.
        """
        cited = [person for person in found if person.id in self._cited.get(rota, ())]
        if len(cited) != 1:
            return None
        fit = self._fit(cited[0], rota)
        rivals = [p for p in found if p is not cited[0] and self._fit(p, rota) >= fit]
        return cited[0] if read_name(bare).first or not rivals else None

    def _fitting(self, found: Sequence[Person], rota: str) -> list[Person]:
        """Those whose service or trade the rota speaks of, when some do."""
        scored = [(self._fit(person, rota), person) for person in found]
        best = max(score for score, _ in scored)
        return [person for score, person in scored if score == best] if best else []

    def _by_fit(self, found: Sequence[Person], rota: str) -> list[Person]:
        return sorted(found, key=lambda person: -self._fit(person, rota))

    def _fit(self, person: Person, rota: str) -> int:
        words = set(stem(rota))
        trades = {trade for word in key(rota).split() for trade in _TRADES.get(word, ())}
        profession = set(key(person.profession).split())
        service = set(stem(self._services.get(person.service, "")))
        place = {w for w in words for s in service if _alike(w, s)}
        trade = bool(trades & profession) or any(_alike(w, p) for w in words for p in profession)
        return 2 * len(place) + 3 * trade + bool(profession & _CARERS)

    def _close(self, bare: str) -> tuple[str, ...]:
        import difflib

        last = key(read_name(bare).last)
        near = difflib.get_close_matches(last, self._by_last, 2, 0.8) if last else []
        return tuple(told(p, self._services) for name in near for p in self._by_last[name][:2])


_CARERS = frozenset({"medecin", "chirurgien", "anesthesiste", "reanimateur", "pharmacien"})


def _alike(word: str, other: str) -> bool:
    size = min(len(word), len(other))
    return word == other or (size >= 5 and word[:5] == other[:5])


def _abridged(rest: Sequence[str], first: Sequence[str]) -> bool:
    """« P », « JP » or « Jean » for « Jean-Pierre »."""
    if not first:
        return False
    joined = "".join(word[0] for word in first)
    if len(rest) == 1 and (rest[0] == first[0][0] or rest[0] == joined):
        return True
    if len(rest) == 1 and len(rest[0]) > 2 and first[0].startswith(rest[0]):
        return True
    return "".join(rest) == joined


def _parts(text: str) -> list[str]:
    """The names of a cell, without numbers nor asides."""
    whole = _PHONE.sub(" ", cleaned(text.replace("\n", " ; ")))
    parts = [part.strip(" ,.-:;") for part in _SPLIT.split(_ASIDE.sub(" ", whole))]
    return [part for part in parts if re.search(r"[^\W\d_]", part)]


def _bare(text: str) -> str:
    name = read_name(_ASIDE.sub(" ", cleaned(_PHONE.sub(" ", text))))
    return f"{name.last} {name.first}".strip()


def is_nobody(text: str) -> bool:
    """« NON POURVU », « - », « à définir »."""
    said = key(text)
    return bool(_PLAIN.fullmatch(text)) or _NOBODY.fullmatch(said) is not None


def is_ditto(text: str) -> bool:
    """« idem », « ↓ », « " »: the same as the cell before."""
    return _DITTO.fullmatch(text.strip()) is not None


def told(person: Person, services: Mapping[str, str]) -> str:
    """« MARTIN Élise (cadre de santé, Urgences) »."""
    about = ", ".join(filter(None, (person.profession, services.get(person.service, ""))))
    name = f"{person.last_name} {person.first_name}".strip()
    return f"{name} ({about})" if about else name


def names_of(establishment: Establishment | None, people: Iterable[str]) -> str:
    """« MARTIN Élise, DIALLO Amadou »."""
    known = {p.id: p for p in establishment.people} if establishment else {}
    return ", ".join(
        f"{known[each].last_name} {known[each].first_name}".strip() if each in known else each
        for each in people
    )
