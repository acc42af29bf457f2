"""What one web form says of a care home. Every answer may be empty: « je ne sais pas »."""

from __future__ import annotations

import re
from dataclasses import dataclass

from releve.incident.binder.blocks import Absent, Cell
from releve.incident.binder.reach import pairs

_PHONE = re.compile(r"(?:\+|00)?\d(?:[\s.\u00a0\u202f-]?\d){2,13}|\b(?:15|17|18|112)\b")
#: What people write instead of leaving a field empty.
_UNKNOWN = re.compile(
    r"(?:\?+|-+|nsp|ne sais? pas|je ne sais? pas|inconnu(?:e)?|aucune? id[ée]e)\.?", re.I
)
_NO_NUMBER = "numéro non renseigné"
_FILL = "Complétez le formulaire du plan bleu."


@dataclass(frozen=True)
class CareHome:
    """The form's answers: one line each (« Mme Orchidée, 06 39 98 00 01 »), ``doctors`` one doctor
    a line. ``residents``: how many the home says it has, None when it does not.
    """

    name: str = ""
    finess: str = ""
    address: str = ""
    residents: int | None = None
    director: str = ""
    deputy: str = ""
    doctor: str = ""
    night_nurse: str = ""
    pharmacy: str = ""
    doctors: str = ""
    samu: str = ""
    ght: str = ""
    ars: str = ""
    department: str = ""
    prefecture: str = ""
    families: str = ""
    power: str = ""
    internet: str = ""
    backup_phone: str = ""
    supplier: str = ""
    hotline: str = ""
    paper: str = ""

    def said(self, field: str) -> str:
        """The answer, empty when it is one of the ways to say « I do not know »."""
        words = " ".join(str(getattr(self, field) or "").split())
        return "" if _UNKNOWN.fullmatch(words) else words

    def cell(self, field: str) -> Cell:
        """The answer as paper bears it: what is missing is said."""
        return self.said(field) or Absent("non renseigné", _FILL, LABELS[field])

    def reach(self, field: str) -> tuple[str, Cell]:
        """(who, number) of an answer that holds both; a name without a number says so."""
        words = self.said(field)
        found = _PHONE.search(words)
        if not words:
            return "", Absent(_NO_NUMBER, _FILL, LABELS[field])
        if found is None:
            return words, Absent(_NO_NUMBER, _FILL, f"{LABELS[field]} : le numéro")
        who = f"{words[: found.start()]} {words[found.end() :]}"
        return " ".join(re.sub(r"\s[,;:]+\s|[,;:]\s*$", " ", who).strip(" ,;:-").split()), pairs(
            found.group()
        )


#: How each answer is named on paper and in the form, in the form's order.
LABELS = {
    "name": "Nom de la maison",
    "finess": "FINESS",
    "address": "Adresse",
    "residents": "Nombre de résidents",
    "director": "Direction",
    "deputy": "Remplaçant de la direction",
    "night_nurse": "Infirmier(ère) d'astreinte de nuit",
    "doctor": "Médecin coordonnateur",
    "doctors": "Médecins traitants",
    "pharmacy": "Pharmacie",
    "samu": "SAMU, autre numéro que le 15",
    "ght": "Astreinte informatique du GHT",
    "ars": "ARS, point focal",
    "department": "Conseil départemental",
    "prefecture": "Préfecture",
    "families": "Comment les familles sont appelées",
    "power": "Coupure de courant, groupe électrogène",
    "internet": "Box Internet : opérateur, numéro d'assistance",
    "backup_phone": "Téléphone qui marche sans la box",
    "supplier": "Dossier hébergé : fournisseur, contrat",
    "hotline": "Dossier hébergé : numéro d'assistance",
    "paper": "Papier : combien, où",
}
