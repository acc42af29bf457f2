"""What a DPO asks for: a draft of the impact assessment (AIPD) and of the register (article 30).

A draft is a draft: each line says so, nothing is green by text alone.
"""

from __future__ import annotations

from releve.dossier import missing, threats
from releve.dossier.blocks import Document, Items, Section, Table, Text
from releve.dossier.material import Kept, Material, described

DRAFT = "brouillon, à valider par le DPO"
_EVENTS = ("accès illégitime", "modification non désirée", "disparition")
_RIGHTS = (
    ("Information", "À la charge de l'hôpital : affichage et notice. Aucun modèle n'est fourni."),
    ("Accès", "Le dossier tel que reçu, à l'écran et sur papier (./run care patient)."),
    ("Rectification", "Dans le dossier patient informatisé : Relève affiche ce qu'il reçoit."),
    ("Effacement", "Par mois entiers seulement, à terme ; un patient seul ne s'efface pas."),
    (
        "Limitation, opposition",
        "Non outillé ; les drapeaux de confidentialité ne s'appliquent pas.",
    ),
    ("Portabilité", "Sans objet pour cette finalité ; les messages d'origine sont gardés."),
)


def impact(material: Material) -> Document:
    """The AIPD draft, in the order of the CNIL's own method (from memory)."""
    personal = [s for s in material.stores if not s.people.startswith("aucune")]
    return Document(
        "03-aipd",
        "Analyse d'impact (AIPD) : brouillon",
        "Rien ici n'est validé : chaque ligne attend le DPO.",
        "de retention.toml, de docs/threat-model.md, du programme. Plan : méthode de la CNIL, de"
        " mémoire",
        (
            Section("1. Contexte", _context(material, personal)),
            Section("2. Nécessité et proportionnalité", (_necessity(personal),)),
            Section(
                "3. Droits des personnes",
                (Table(("Droit", "Aujourd'hui", "État"), _drafted(_RIGHTS), (1, 3, 1.2)),),
            ),
            Section("4. Risques et mesures", _risks()),
            Section(
                "5. Validation",
                (
                    Table(
                        ("Qui", "Avis", "Date et signature"),
                        (
                            ("DPO", material.dpo or "non renseigné", ""),
                            ("Responsable du traitement", material.entity or "non renseigné", ""),
                            ("RSSI", "à recueillir", ""),
                        ),
                        (1, 2, 2),
                    ),
                ),
            ),
        ),
        tuple(
            missing.controller(material) + missing.officer(material) + missing.durations(material)
        ),
    )


def register(material: Material) -> Document:
    """One entry of the register per store that holds personal data."""
    entries = [
        Section(
            store.name,
            (
                Table(
                    ("Rubrique (RGPD, art. 30.1)", "Contenu"),
                    _entry(store, material),
                    (1, 2.4),
                ),
            ),
        )
        for store in material.stores
        if not store.people.startswith("aucune")
    ]
    return Document(
        "04-registre-article-30",
        "Registre des traitements : fiches",
        "Une fiche par magasin qui contient des données personnelles.",
        "de retention.toml (programme et dossier)",
        tuple(entries),
        tuple(
            missing.controller(material) + missing.officer(material) + missing.durations(material)
        ),
    )


def register_heads() -> tuple[str, ...]:
    """The heads of ``registre.csv``."""
    return (
        "Magasin", "Contenu", "Personnes", "Finalité", "Fondement", "Durée", "Clé", "Destruction",
        "Signature", "Source", "Statut",
    )  # fmt: skip


def register_rows(material: Material) -> tuple[tuple[str, ...], ...]:
    """All stores, those without personal data too."""
    return tuple(
        (
            s.name, s.holds, s.people, s.purpose, s.basis, s.duration, s.key, s.destruction,
            s.signature, s.source, s.status,
        )
        for s in material.stores
    )  # fmt: skip


def _context(material: Material, personal: list[Kept]) -> tuple[Text | Table | Items, ...]:
    return (
        Text(
            "Relève reçoit une copie des messages du dossier patient informatisé pour que les soins"
            " continuent quand il est arrêté, garde les sauvegardes des machines, et conduit la"
            " crise. Aucune réutilisation (recherche, pilotage, facturation).",
            draft=True,
        ),
        Table(
            ("Magasin", "Données", "Personnes"),
            tuple((s.name, s.holds, s.people) for s in personal),
            (1.4, 2.4, 1.6),
        ),
        Text("Supports et pièces :"),
        Items(tuple(f"{each['name']} : {each['does']}" for each in described()["part"])),
        Text(
            "Destinataires : soignants du service concerné ; cellule de crise et DSI pour le"
            " reste. Aucun transfert, aucun sous-traitant du fait du logiciel.",
            draft=True,
        ),
    )


def _necessity(personal: list[Kept]) -> Table:
    rows = tuple(
        (s.name, s.purpose, s.basis, f"{s.duration} ; {s.signature}", DRAFT) for s in personal
    )
    heads = ("Magasin", "Finalité", "Fondement", "Durée", "État")
    return Table(heads, rows, (1.2, 1.8, 1.8, 1.5, 1))


def _risks() -> tuple[Text | Table, ...]:
    blocks: list[Text | Table] = []
    found = threats.threats()
    heads = ("Menace", "Mesures en place", "Ce qui reste", "État")
    for event in (*_EVENTS, ""):
        rows = [(t.name, t.holds, t.lacks, DRAFT) for t in found if t.event == event]
        if event == "disparition":
            rows += [(*_LOSS, DRAFT)]
        if rows:
            said = f"Événement redouté : {event}." if event else "Lignes non encore traduites."
            blocks += [Text(said), Table(heads, tuple(rows), (1.2, 2, 2, 1))]
    lost = (
        "Gravité et vraisemblance : non cotées. Le DPO, le RSSI et un médecin les cotent ensemble."
    )
    return (*blocks, Text(lost, draft=True))


#: From « Positions »: root, hypervisor, storage.
_LOSS = (
    "Perte de la machine (panne, root, hyperviseur)",
    "journal écrit sur le disque avant l'acquittement, kits copiés au-dehors à l'avance",
    "aucune seconde copie dans Relève : tout ce qui n'a pas été copié ailleurs est perdu",
)


def _entry(store: Kept, material: Material) -> tuple[tuple[str, ...], ...]:
    return (
        ("Responsable du traitement", material.entity or "non renseigné"),
        ("DPO", material.dpo or "non renseigné"),
        ("Finalité", store.purpose),
        ("Fondement", store.basis),
        ("Personnes concernées", store.people),
        ("Données", store.holds),
        (
            "Destinataires",
            "agents habilités, par rôle et périmètre ; le logiciel ne transfère rien",
        ),
        ("Durée", f"{store.duration} ; {store.signature}"),
        ("Source de la durée", f"{store.source} ({store.status})"),
        ("Mesures de sécurité", f"clé : {store.key} ; fin : {store.destruction}"),
        ("État de la fiche", DRAFT),
    )


def _drafted(rows: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((*row, DRAFT) for row in rows)
