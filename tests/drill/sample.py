"""Results of drills that never took place, for the tests of the report: held, missed, sabotaged.

Machines, persons and hashes are invented.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from releve.drill.account import (
    Account,
    Curve,
    Fleet,
    Passage,
    Revival,
    Scene,
    Spot,
    Struck,
)
from releve.drill.measures import Happening, Kind, Measure, NotMeasured, Result, Target

STORY = datetime(2026, 11, 22, 1, 0, 0, tzinfo=UTC)
PLAYED = datetime(2026, 11, 23, 16, 3, 10, tzinfo=UTC)

#: Text that acts when a writer forgets to make it inert: markup of four languages, terminal
#: escapes, bidirectional override, lone surrogate, quotes, an address.
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style><style>body{display:none}",
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    '#panic("typst") #image("/etc/passwd") $x$ *gras* @ref // fin',
    "[red]rich[/red] [link=http://evil.invalid]clic[/link]",
    "\x1b[2J\x1b]0;titre\x07effacé",
    "facture\u202efdp.exe",
    "nom\udce9.docx",
    "{{ 7*7 }} {0} %s ${HOME} `id`",
    "https://evil.invalid/x.js",
    "ligne 1\nligne 2\r\n\u2028ligne 3",
    "x" * 5000,
)

_SECONDS: tuple[tuple[float, Kind, str, str, int | None], ...] = (
    (0, "info", "moteur", "6 postes et 3 serveurs fictifs en marche, premier cliché déposé", 7),
    (4.2, "info", "PC-LABO-04", "sauvegarde déposée au coffre, 38 fichiers", 16),
    (20.6, "info", "PC-LABO-04", "deuxième sauvegarde déposée au coffre, 38 fichiers", 31),
    (24.9, "attack", "attaquant", "un poste du laboratoire chiffre son premier fichier", None),
    (27.3, "attack", "attaquant", "8 fichiers chiffrés : bureautique, DICOM", None),
    (41.0, "info", "PC-LABO-04", "le poste sauvegarde ses fichiers chiffrés, sans le savoir", 44),
    (43.8, "alarm", "coffre", "12 fichiers illisibles sur PC-LABO-04 : bureautique, DICOM", 46),
    (44.1, "act", "relève", "dernier cliché sain de PC-LABO-04 protégé", 47),
    (45.0, "attack", "intrus", "effacement d'une sauvegarde avec l'accès volé au poste", None),
    (47.7, "attack", "intrus", "index empoisonné, clés et verrous falsifiés", None),
    (51.2, "ok", "simulateur", "14 tentatives, aucune n'a empêché de restaurer", 61),
    (52.0, "act", "astreinte", "restauration des 3 serveurs vitaux demandée", 63),
    (53.4, "act", "direction", "restauration approuvée depuis un autre compte", 64),
    (58.9, "ok", "annuaire", "l'annuaire répond de nouveau", 70),
    (64.0, "ok", "base", "la base de données répond, 1 204 résultats exacts", 73),
    (66.3, "info", "moteur", "récepteur arrêté brutalement en pleine sauvegarde", None),
    (71.5, "ok", "simulateur", "aucun dépôt confirmé n'a été perdu", 80),
    (76.0, "ok", "vérificateur", "registre exporté et vérifié", 84),
)


def held() -> Result:
    """Every target met."""
    return Result(
        scenario="nuit-de-dimanche",
        title="Nuit de dimanche : un poste du laboratoire chiffre ses fichiers",
        seed=7,
        started=PLAYED,
        ended=PLAYED + timedelta(seconds=78),
        story_sha256=hashlib.sha256(b"histoire 7").hexdigest(),
        measures=(
            Measure("detect.seconds", 18.9, "s", Target("<=", 80), 46, "simulateur, registre"),
            Measure("detect.files_lost", 12, "fichiers", None, 46, "journal de l'attaquant"),
            Measure("vault.destroy_attempts", 14, "", Target(">=", 12), 61, "simulateur"),
            Measure("vault.destroy_refused", 14, "", Target("==", 14), 61, "simulateur"),
            Measure("vault.restored_files", 342, "fichiers", Target("==", 342), 75, "simulateur"),
            Measure("vault.restored_identical", 342, "", Target("==", 342), 75, "simulateur"),
            Measure("restore.p0_seconds", 12.04, "s", Target("<=", 60), 73, "simulateur"),
            Measure("vault.acknowledged_lost", 0, "objets", Target("==", 0), 80, "mandataire"),
            Measure("feed.messages", 1714, "messages", Target(">=", 600), 81, "dossier patient"),
            Measure(
                "feed.acknowledged_lost", 0, "messages", Target("==", 0), 81, "dossier patient"
            ),
            Measure("care.census_patients", 302, "patients", Target("==", 302), 82, "simulateur"),
            Measure("care.kit_patients", 302, "patients", Target("==", 302), 82, "poste"),
            Measure("care.first_file_seconds", 4.7, "s", Target("<=", 60), 83, "poste"),
            Measure("crisis.open_seconds", 0.4, "s", Target("<=", 60), 83, "simulateur"),
            Measure("binder.pages", 612, "pages", Target(">=", 100), 83, "simulateur"),
            Measure("binder.missing", 2, "manques", Target("==", 2), 83, "simulateur"),
            Measure("log.entries_automatic", 46, "lignes", Target(">=", 46), 83, "simulateur"),
            Measure("restore.order_respected", True, "", Target("==", True), 83, "simulateur"),
            Measure("ledger.entries", 84, "entrées", None, 84, "vérificateur"),
            Measure("ledger.verified", True, "", Target("==", True), 84, "vérificateur"),
        ),
        not_measured=(),
        happenings=tuple(
            Happening(
                PLAYED + timedelta(seconds=after),
                STORY + timedelta(seconds=after),
                who,
                text,
                kind,
                evidence,
            )
            for after, kind, who, text, evidence in _SECONDS
        ),
        played_acts=(
            "l'astreinte informatique ouvre sa session et demande la restauration",
            "le directeur de garde l'approuve depuis son propre compte",
        ),
        settings={
            "Sauvegarde": "toutes les 20 s dans l'exercice ; chez vous : toutes les 4 heures",
            "Parc": "6 postes, 3 serveurs vitaux (annuaire, fichiers, base de données)",
            "Programmes": "Relève 0.1.0, restic 0.14.0, PostgreSQL 15.14",
        },
        ledger_size=84,
        ledger_root=hashlib.sha256(b"racine").hexdigest(),
        ledger_fingerprint="releve/9f2c41+c0ffee12+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/=",
        decisions=("Choisir le poste réel où refaire cet exercice avant le 15 mars.",),
        account=account(),
    )


def at(seconds: float) -> datetime:
    """That many seconds into the story."""
    return STORY + timedelta(seconds=seconds)


def account() -> Account:
    """A night with all its acts; the record system is never brought back."""
    return Account(
        scenes=(
            Scene("opening", at(0)),
            Scene("receiver-killed", at(20)),
            Scene("listener-killed", at(21)),
            Scene("attack", at(24.9)),
            Scene("his-killed", at(30)),
            Scene("alarm", at(43.8)),
            Scene("restore", at(52)),
            Scene("loss", at(66)),
            Scene("closing", at(76)),
        ),
        curves=(
            Curve("messages", ((at(19), 30), (at(20), 25), (at(21), 0), (at(22), 55))),
            Curve("files", tuple((at(25 + n), n + 1) for n in range(24))),
            Curve("patients", ((at(19), 120), (at(20), 301), (at(22), 302))),
        ),
        struck=(Struck("PC-LABO-04", at(24.9), 20), Struck("SRV-BASE", at(33), 4)),
        revivals=(
            Revival("SRV-ID", "Annuaire", "rien ne le retient ; porte « zone propre » fermée",
                    20, at(54), at(58.9)),
            Revival("SRV-BASE", "Bases", "sa dépendance SRV-ID est revenue", 30, at(60), at(64)),
        ),
        passages=(Passage("zone propre", "Mme Martin", at(53)),),
        spots=(
            Spot("SRV-ID", "Annuaire", "machine", "lost", back=True, again=at(58.9)),
            Spot("SRV-DPI", "Serveur du dossier", "machine", "lost", back=False),
            Spot("postes", "PC-LABO-04", "machine", "lost", back=False),
            Spot("DPI", "Dossier patient", "application", "stopped", False, needs=("SRV-DPI",)),
            Spot("autres", "31 autres applications", "application", "stopped", True, count=31,
                 needs=("SRV-ID",)),
            Spot("service:URG", "Urgences", "service", "stopped", False, beds=20, needs=("DPI",)),
            Spot("service:LABO", "Laboratoire", "service", "stopped", True, needs=("autres",)),
            Spot("service:EHPAD", "EHPAD", "service", "working", back=False, beds=60),
        ),
        fleet=Fleet(6, 3, 1, 960),
        opened=at(44.2),
        isolated=at(52.1),
    )  # fmt: skip


def hostile_account() -> Account:
    """Every name of the hospital is one that would act."""
    base, names = account(), HOSTILE[:-1] * 2
    return replace(
        base,
        struck=tuple(
            replace(one, machine=name) for one, name in zip(base.struck, names, strict=False)
        ),
        revivals=tuple(
            replace(one, name=name, node=name, why=name)
            for one, name in zip(base.revivals, HOSTILE[5:], strict=False)
        ),
        passages=tuple(Passage(name, name, at(53)) for name in HOSTILE[:-1]),
        spots=tuple(replace(one, name=name) for one, name in zip(base.spots, names, strict=False)),
    )


def without_kits() -> Result:
    """A machine that builds no kit: nothing was opened, and that has a target."""
    away = ("care.kit_patients", "care.first_file_seconds")
    reason = "kits non construits : le paquet « age-encryption » n'a pas pu être installé"
    return replace(
        held(),
        measures=tuple(m for m in held().measures if m.id not in away),
        not_measured=tuple(NotMeasured(id, reason, had_target=True) for id in away),
        decisions=(
            "Aucun kit n'a pu être ouvert. Avec quoi soigner si tout s'arrête cette nuit ?",
        ),
    )


def missed() -> Result:
    """No alarm, one destruction that worked, servers late, one measure that could not be taken."""
    values: dict[str, int | float | bool | None] = {
        "detect.seconds": None,
        "vault.destroy_refused": 13,
        "restore.p0_seconds": 60.04,
    }
    measures = tuple(
        replace(m, value=values.get(m.id, m.value))
        for m in held().measures
        if m.id != "vault.acknowledged_lost"
    )
    return replace(
        held(),
        measures=measures,
        happenings=tuple(
            replace(h, kind="failure", text="1 tentative sur 14 a empêché de restaurer")
            if h.evidence == 61
            else h
            for h in held().happenings
            if h.kind != "alarm"
        ),
        not_measured=(
            NotMeasured(
                "vault.acknowledged_lost", "le récepteur n'a pas pu être arrêté", had_target=True
            ),
        ),
        decisions=("Ne pas mettre ce coffre en service.",),
    )


def sabotaged() -> Result:
    """``restore-flips-a-byte``: one file comes back different, and only that is missed."""
    measures = tuple(
        replace(m, value=341) if m.id == "vault.restored_identical" else m for m in held().measures
    )
    return replace(held(), measures=measures, sabotage="restore-flips-a-byte")


def hostile() -> Result:
    """Every free text of a result is one that would act."""
    base = held()
    happenings = tuple(
        replace(base.happenings[0], text=text, who=text, kind="alarm") for text in HOSTILE
    )
    joined = " ".join(HOSTILE[:-1])
    return replace(
        base,
        title=joined[:150],
        scenario=HOSTILE[2],
        happenings=happenings,
        not_measured=tuple(NotMeasured(t, t, had_target=True) for t in HOSTILE),
        played_acts=HOSTILE,
        settings=dict.fromkeys(HOSTILE, joined),
        decisions=HOSTILE,
        ledger_root=HOSTILE[0],
        ledger_fingerprint=HOSTILE[1],
        story_sha256=HOSTILE[0],
        sabotage=HOSTILE[0],
        account=hostile_account(),
        measures=(*base.measures, Measure(HOSTILE[0], 1, HOSTILE[1], Target("==", 2), 9, "x" * 90)),
    )
