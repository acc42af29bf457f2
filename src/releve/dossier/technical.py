"""What an RSSI asks for: architecture, flows, operation, security. Sentences that only the code can
make true are read from tables, compared with the code by tests.
"""

from __future__ import annotations

from releve.dossier import drawing, missing, threats
from releve.dossier.blocks import Document, Drawing, Items, Section, Table, Text
from releve.dossier.material import Material, described

_LOOPBACK = ("127.", "[::1]")
_FLOW_HEADS = (
    "Source", "Destination", "Protocole", "Adresse ou port", "Données", "Contenu", "Transport",
    "État",
)  # fmt: skip


def architecture(material: Material) -> Document:
    """The DAT: parts, users, ports, secrets, flows drawn, stores, verbs."""
    told = {each["name"]: each for each in described()["part"]}
    parts = tuple(
        (
            name,
            told[name]["does"],
            material.users.get(name, "non renseigné"),
            told[name]["listens"],
            ", ".join(told[name]["secrets"]),
            "en service" if name in material.served else "arrêtée",
        )
        for name in material.parts
    )
    stores = tuple((s.name, s.id, s.key, s.holds) for s in material.stores if not s.outside)
    return Document(
        "01-architecture",
        "Dossier d'architecture technique",
        "Une machine, un dossier qui porte tout l'état, des pièces séparées et surveillées ; ni"
        " Internet, ni annuaire, ni DNS ne sont nécessaires.",
        "des pièces du superviseur, des réglages et des adresses du dossier, de retention.toml",
        (
            Section(
                "Les pièces",
                (
                    Table(
                        ("Pièce", "Fait", "Utilisateur", "Écoute", "Secrets lus", "État"),
                        parts,
                        (1.1, 2.6, 1.1, 2.2, 1.8, 1.1),
                    ),
                    Text(
                        "Chaque pièce est un processus, relancé seul : installée, par systemd, sous"
                        " son propre utilisateur ; sinon par un superviseur (« serve »). Chaque"
                        " fichier en ajout seul a un seul écrivain, sous verrou ;"
                        " un second « serve » est refusé."
                    ),
                ),
            ),
            Section(
                "Les flux",
                (Drawing(drawing.draw(material.flows), drawing.words(material.flows)),),
            ),
            Section(
                "Ce qui est gardé, et sous quelle clé",
                (Table(("Magasin", "Nom", "Clé", "Contenu"), stores, (1.6, 1.2, 1.6, 2.4)),),
            ),
            Section("Volumes de la description", (_counts(material),)),
            Section("Ce que les machines font seules (réflexes)", (Items(material.reflexes),)),
            Section(
                "Tous les verbes",
                (
                    Table(
                        ("./run …", "Fait"),
                        tuple((v.name, v.does) for v in material.verbs),
                        (1, 2.6),
                    ),
                ),
            ),
        ),
        tuple(missing.controller(material) + missing.service(material)),
    )


def flows(material: Material) -> Document:
    """The flow matrix; the same lines as ``flux.csv``."""
    outgoing = (
        "En service, aucune pièce n'appelle l'extérieur : ni mise à jour, ni annuaire, ni courriel,"
        " ni SMS. À la console seule, quand une personne le demande : l'annuaire, en lecture,"
        " sous TLS (establishment import ad --ldap)."
    )
    return Document(
        "02-flux",
        "Matrice de flux",
        _first_flow(material),
        "des réglages (settings.json), des adresses en service (run/endpoints.json)",
        (
            Section("Les flux, un par ligne", (Table(_FLOW_HEADS, flow_rows(material)),)),
            Section("Vers l'extérieur", (Text(outgoing),)),
        ),
        tuple(missing.service(material)),
        wide=True,
    )


def _first_flow(material: Material) -> str:
    """What listens, and where, in a sentence."""
    ports = [where for _, where in {(f.target, f.where): 0 for f in material.flows if f.port}]
    network = [where for where in ports if not any(own in where for own in _LOOPBACK)]
    where = "sur la machine elle-même" if not network else "dont une partie sur le réseau"
    return f"{len(ports)} ports écoutent, {where} ; aucune pièce n'appelle l'extérieur."


def flow_rows(material: Material) -> tuple[tuple[str, ...], ...]:
    """The rows of the matrix, under :data:`_FLOW_HEADS`."""
    return tuple(
        (f.source, f.target, f.protocol, f.where, f.data, f.content, f.transport, f.state)
        for f in material.flows
    )


def flow_heads() -> tuple[str, ...]:
    """The heads of the matrix."""
    return _FLOW_HEADS


def operating(material: Material) -> Document:
    """The operating sheet."""
    gestures = tuple((each["when"], each["what"], _typed(each)) for each in described()["gesture"])
    return Document(
        "05-exploitation",
        "Fiche d'exploitation",
        "Les gestes, dans l'ordre où ils reviennent. Heures par semaine : non mesuré.",
        "des verbes du programme, de la description de l'établissement",
        (
            Section(
                "Les gestes",
                (
                    Table(("Quand", "Geste", "Ce qui se tape"), gestures, (1, 2.6, 1.6)),
                    Text(
                        "Temps d'une personne : non mesuré. Aucun chiffre n'est avancé tant qu'un"
                        " exercice ou un relevé ne l'a pas mesuré ici."
                    ),
                ),
            ),
            Section(
                "Ce qu'on surveille",
                (Items(tuple(each["what"] for each in described()["watch"])),),
            ),
            Section("Qui appeler", _callers(material)),
            Section(
                "Inventaire des composants (SBOM)",
                (
                    Text(
                        "Les dépendances et leurs empreintes sont figées dans requirements.lock ;"
                        " le SBOM est celui de l'installeur hors ligne (./run bundle), s'il a été"
                        " fait. Il n'est pas joint à ce dossier."
                    ),
                ),
            ),
        ),
        tuple(missing.callers(material)),
    )


def security(material: Material) -> Document:
    """The security annex: who, what is enciphered, what is not protected, leaving."""
    roles = tuple(
        (
            role.name,
            str(role.accounts),
            "obligatoire" if role.second_factor else "possible",
            ", ".join(role.pages),
        )
        for role in material.roles
    )
    crypto = tuple((each["what"], each["how"], each["module"]) for each in described()["crypto"])
    leaving = tuple((each["what"], each["how"], _typed(each)) for each in described()["leave"])
    lines = threats.not_promised()
    english = "" if all(line.translated for line in lines) else _ENGLISH
    return Document(
        "06-securite",
        "Annexe de sécurité",
        "Ce qui protège, ce qui ne protège pas, comment partir.",
        "des rôles et des pages du programme, de docs/threat-model.md, mot pour mot",
        (
            Section(
                "Comptes, rôles et périmètres",
                (
                    Table(("Rôle", "Comptes", "Second facteur", "Pages"), roles, (1.2, 0.8, 1, 4)),
                    Text(
                        "Un droit est un rôle sur un périmètre (entité, site, service). Comptes"
                        " locaux, ni annuaire ni courriel. À deux personnes, deux comptes, deux"
                        f" postes : {', '.join(material.shared_acts)}."
                    ),
                ),
            ),
            Section(
                "Chiffrement employé",
                (Table(("Quoi", "Comment", "Dans le code"), crypto, (1.4, 2.6, 1.8)),),
            ),
            Section(
                "Ce qui n'est pas protégé",
                (
                    Text(f"Repris du modèle de menaces.{english}"),
                    Items(tuple(x.words for x in lines)),
                ),
            ),
            Section("Positions d'un intrus", _positions()),
            Section(
                "Réversibilité : tout sortir",
                (Table(("Quoi", "Forme", "Ce qui se tape"), leaving, (1.2, 2.8, 1.4)),),
            ),
            Section("Hébergement de données de santé (HDS)", (Text(_HDS),)),
            Section("Accessibilité (RGAA)", (Text(_RGAA),)),
        ),
        tuple(missing.controller(material)),
    )


_ENGLISH = " Les lignes en anglais sont celles qui ont changé depuis leur traduction."
_HDS = (
    "Relève est un logiciel installé chez l'hôpital, sur sa machine : l'hôpital héberge ses propres"
    " données. Aucun certificat HDS n'est détenu ni revendiqué. Si un tiers héberge la machine,"
    " l'hôpital vérifie son certificat HDS (CSP, art. L. 1111-8 ; texte non relu)."
)
_RGAA = (
    "Aucune déclaration de conformité RGAA n'a été établie, aucun audit n'a été fait. Les pages"
    " sont écrites pour marcher sans JavaScript, au clavier, avec des contrastes forts, et un outil"
    " automatique (axe) les contrôle pendant les essais ; cela ne vaut pas conformité."
)


def _typed(each: dict[str, str]) -> str:
    if not each["verb"]:
        return "à la main"
    return f"./run {each['verb']} {each.get('option', '')}".strip()


def _counts(material: Material) -> Text | Table:
    if not material.counts:
        return Text("Description de l'établissement non chargée (./run establishment load).")
    rows = tuple((name, str(count)) for name, count in material.counts)
    return Table(("Quoi", "Nombre"), rows, (3, 1))


def _callers(material: Material) -> tuple[Text | Items | Table, ...]:
    rotas = material.rotas or ("tour de garde non renseigné",)
    blocks: list[Text | Items | Table] = [Text("Tours de garde de l'établissement :"), Items(rotas)]
    if material.suppliers:
        blocks.append(Table(("Fournisseur", "Téléphone"), material.suppliers, (2, 1)))
    return tuple(blocks)


def _positions() -> tuple[Text | Table, ...]:
    said = (
        "Tableau du modèle de menaces, en anglais, mot pour mot : ce que chaque position peut lire,"
        " détruire, contrefaire, arrêter, et ce qui survit."
    )
    names = ("read", "destroy", "forge", "stop", "what survives")
    rows = tuple(
        (row[0], " · ".join(f"{name}: {cell}" for name, cell in zip(names, row[1:], strict=False)))
        for row in threats.positions()
    )
    return Text(said), Table(
        ("Position", "Read, destroy, forge, stop, what survives"), rows, (1, 3), "english"
    )
