"""The binder judged as paper: pages are counted and read by another reader, and what the folder
lacks, read here from its own file, must be said on the director's sheet.

Nothing of the product is trusted: not its count of pages, not its list of what is missing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium

from releve.drill.ports import Binder, Platform
from releve.drill.simulator.his import read_wards
from releve.drill.stage import Stage
from releve.drill.verdict import Counted, Judged
from releve.kernel.errors import ReleveError

MEASURES = ("binder.pages", "binder.missing")
#: The whole binder, and the sheet that an on-call director takes first.
WHOLE, DIRECTOR = "classeur.pdf", "directeur.pdf"
#: Numbers that a director's sheet cannot do without → the words by which paper must say that one
#: was never given.
_CALLED: Mapping[str, str] = {
    "chef-etablissement": r"chef d'établissement",
    "samu": r"SAMU",
    "ars-garde": r"ARS",
    "prefecture": r"préfecture",
    "voisin-1": r"voisin",
    "police": r"police",
    "assurance": r"assureur",
    "dpo": r"DPO",
}
#: Forms of so many services, in the folder's order: in a crisis the others print their own.
_WARDS = 2
_SAID = r"(?:numéro|ligne)[^!]{{0,30}}{who}[^!]{{0,10}}non renseignée?"


class Bindery:
    """Makes the binder of the crisis, with the patients present, and judges it. ``judged`` is None,
    and ``reasons`` say why, when there was none.
    """

    def __init__(self, platform: Platform, stage: Stage, establishment: Path, folder: Path) -> None:
        self._platform, self._stage = platform, stage
        self._establishment, self._folder = establishment, folder
        self.judged: Judged | None = None
        self.reasons: dict[str, str] = {}

    def bind(self) -> None:
        """Blocks until it is made and read."""
        try:
            codes = dict.fromkeys(ward.code for ward in read_wards(self._establishment))
            made = self._platform.bind(self._folder, [*codes][:_WARDS])
            judged = self.judged = judge(made, self._folder, self._establishment)
        except (ReleveError, OSError, pikepdf.PdfError) as error:
            self._stage.happened("Cellule de crise", f"classeur manqué : {error}", "failure")
            self.reasons = dict.fromkeys(MEASURES, "le classeur n'a pas été fabriqué")
            return
        pages, lacks = judged.pages, judged.missing
        whole = pages.right == pages.expected == made.pages and lacks.right == lacks.expected
        text = f"classeur de {pages.expected} pages, {lacks.right} numéros manquants écrits"
        self._stage.happened("Cellule de crise", text, "ok" if whole else "failure")


def judge(made: Binder, folder: Path, establishment: Path) -> Judged:
    """Read the PDFs of ``folder`` against ``contacts.csv`` of the hospital's folder."""
    director = " ".join(_words(folder / DIRECTOR))
    lacking = _lacking(establishment / "contacts.csv")
    said = {slug for slug in _CALLED if _is_said(slug, director) and _is_listed(slug, made.missing)}
    return Judged(
        Counted(_numbered(folder / WHOLE), _count(folder / WHOLE)),
        Counted(len(said & lacking) - len(said - lacking), len(lacking)),
    )


def _count(path: Path) -> int:
    with pikepdf.open(path) as book:
        return len(book.pages)


def _numbered(path: Path) -> int:
    """Pages that say their world and their own number: a blank page is none."""
    wanted = re.compile(r"SIMULATION\b.*\bpage \d+/\d+", re.DOTALL)
    return sum(wanted.search(words) is not None for words in _words(path))


def _words(path: Path) -> list[str]:
    with pdfium.PdfDocument(path) as book:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in book]


def _lacking(path: Path) -> set[str]:
    """Numbers without digits in the folder, « sans objet » apart."""
    known = set()
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                if row["phone"].strip():
                    known.add(row["slug"])
    return set(_CALLED) - known


def _is_said(slug: str, words: str) -> bool:
    return re.search(_SAID.format(who=_CALLED[slug]), words) is not None


def _is_listed(slug: str, missing: Sequence[str]) -> bool:
    return any(_is_said(slug, each) for each in missing)
