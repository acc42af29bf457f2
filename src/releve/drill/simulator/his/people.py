"""Invented patients: names that test what reads them, numbers that name nobody."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

_FAMILIES = (
    "ABRELLIN", "BELLECOMBE-TEST", "BRÛLEPIERRE", "CHÂTEAUVERT", "D'ORVALINE", "DE LA FONTBRUME",
    "DUTAILLIS", "ÉCHALIER", "ESQUIVEL-TEST", "FAŸOLLE", "GARENVAUX", "HAUTEPIERRE", "ISÉRAND",
    "JOLIVOIR", "KERMARZIN", "L'HOSPITALIER", "LESCAMPEL", "MALVOISIN", "NOIRÉTABLE", "OUDINCOURT",
    "PERVENCHET", "QUÉRELLEAU", "RONCEVERT", "SABLIOMONT", "SAINT-ORENS", "TOURMENTEL", "ÜRWILLER",
    "VALSERINE", "WOIPPREUX", "YBRANCOURT", "ZINZOLIN", "CŒURVILLE",
)  # fmt: skip
_FIRST_F = (
    "Élise", "Abeline", "Doriane", "Flavienne", "Hermance", "Isaure", "Ludivine", "Maëlys",
    "Nolwenn", "Pétronille", "Quitterie", "Sidonie", "Violaine", "Marie-Ange", "Anaïs",
)  # fmt: skip
_FIRST_M = (
    "Barnabé", "Clotaire", "Eudes", "Gontran", "Joachim", "Maxence", "Octave", "Romuald",
    "Théodule", "Loïc", "Jean-Noël", "François", "Aurélien", "Gaël", "Ambroise",
)  # fmt: skip
_SYLLABLES = ("VER", "MON", "TAL", "BRE", "SOU", "GAR", "LIN", "CHE", "DOR", "FAL", "RIV", "PLE")


@dataclass(frozen=True)
class Person:
    """``family`` is the name used, ``birth_family`` the name at birth; ``born`` YYYYMMDD.

    ``status`` is PID-32: an INS travels only with VALI.
    """

    ipp: str
    family: str
    birth_family: str
    first_names: str
    born: str
    sex: str
    ins: str
    status: str

    @property
    def validated(self) -> bool:
        """True when its INS may be shown (IHE France, constraints on data types 1.8.2)."""
        return self.status == "VALI"


class Births:
    """Draws persons; every IPP is given once. Names hold only what ``codec`` can write."""

    def __init__(self, rng: Random, today: date, codec: str) -> None:
        self._rng, self._today, self._codec = rng, today, codec
        self._ipps = itertools.count(99_000_001 + rng.randrange(1000) * 1000)

    def person(self, *, provisional: bool = False) -> Person:
        """Somebody; ``provisional``: admitted at night without papers."""
        rng = self._rng
        sex = rng.choice("FM")
        family = self._family()
        married = sex == "F" and rng.random() < 0.5
        names = [rng.choice(_FIRST_F if sex == "F" else _FIRST_M)]
        if rng.random() < 0.3:
            names.append(rng.choice(_FIRST_F if sex == "F" else _FIRST_M))
        born = self._today - timedelta(days=rng.randrange(1, 36_000))
        status = "PROV" if provisional else rng.choices(("VALI", "QUAL", "PROV"), (7, 2, 1))[0]
        return Person(
            ipp=str(next(self._ipps)),
            family=family,
            birth_family=self._family() if married else family,
            first_names=" ".join(names),
            born=f"{born:%Y%m%d}",
            sex=sex,
            ins=ins(born, sex, rng),
            status=status,
        )

    def _family(self) -> str:
        name = self._rng.choice(_FAMILIES)
        try:
            name.encode(self._codec)
        except UnicodeEncodeError:
            return name.replace("Œ", "OE").replace("Ÿ", "Y")
        return name

    def homonym(self, of: Person) -> Person:
        """The same family and first name, another person (another birth date and number)."""
        return replace(
            self.person(),
            family=of.family,
            birth_family=of.birth_family,
            first_names=of.first_names,
            sex=of.sex,
        )

    def marker(self) -> Person:
        """A person whose family name nobody else has: it is looked for in files and kits."""
        name = "TÉMOIN-" + "".join(self._rng.choices(_SYLLABLES, k=4))
        return replace(self.person(), family=name, birth_family=name, status="VALI")


def ins(born: date, sex: str, rng: Random) -> str:
    """Fifteen digits with a valid key (97 minus the number modulo 97) that name nobody: the
    place of birth 99000 does not exist.
    """
    digits = f"{1 if sex == 'M' else 2}{born:%y%m}99000{rng.randrange(1, 1000):03d}"
    return f"{digits}{97 - int(digits) % 97:02d}"
