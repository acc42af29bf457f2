"""« Comment joindre Relève quand tout est coupé »: addresses, fingerprint, codes."""

from __future__ import annotations

from releve.incident.binder.blocks import (
    Absent,
    Block,
    Box,
    Document,
    Field,
    Fields,
    Head,
    Picture,
    Say,
    Sheet,
    Steps,
)
from releve.incident.binder.material import Door, Material
from releve.kernel.world import World

POINTS = 13
_MOST, _CODE_MM, _GROUPS = 2, 38.0, 8
_NONE = "ni adresse ni réseau de crise préparés"
_PREPARE = "Sur la machine de Relève : ./run serve --address IP, puis refaites le classeur."
_NO_PRINT = "empreinte du certificat non renseignée"
_SERVE = "Mettez Relève en marche (./run serve), puis refaites le classeur."
#: What a telephone shows, and what to do of it.
_WARNED = (
    "Un avertissement s'affiche, parce que Relève ne dépend de personne : « Paramètres avancés ».",
    "Affichez le certificat : comparez les quatre premiers et les quatre derniers groupes.",
    "C'est la même : continuez. Sinon, n'entrez pas votre mot de passe, appelez l'informatique.",
)
_NETWORK = (
    "Branchez le routeur 4G ou le Wi-Fi de crise, et la machine de Relève dessus par un câble.",
    "Le routeur lui donne l'adresse ci-dessus, et ne sépare pas les téléphones d'elle.",
)


def joining(material: Material) -> Document:
    """One sheet. A drill's home answers on its own machine only, which is no lack."""
    title = "Comment joindre Relève quand tout est coupé"
    blocks = _open(material.door) if material.door.urls else _closed(material)
    about = "Adresse, empreinte à comparer, réseau de crise."
    return Document("joindre", title, (Sheet(title, blocks),), POINTS, divider=False, about=about)


def _open(door: Door) -> tuple[Block, ...]:
    addresses: list[Block] = []
    for url in door.urls[:_MOST]:
        addresses.append(Say(url, strong=True))
        addresses.append(Picture(code(url), "À lire par l'appareil photo.", _CODE_MM))
    until = f", jusqu'au {door.until:%d/%m/%Y}" if door.until else ""
    said = _grouped(door.fingerprint) or (Absent(_NO_PRINT, _SERVE),)
    return (
        *addresses,
        Head("Le téléphone avertit : comparez, puis continuez"),
        Steps(_WARNED),
        Box(f"Empreinte SHA-256 du certificat{until}", said),
        Head("Le réseau de crise"),
        Steps(_NETWORK),
        _by_hand(),
    )


def _closed(material: Material) -> tuple[Block, ...]:
    if material.world is World.REAL:
        first: tuple[Block, ...] = (Box("Aucun téléphone ne joint Relève", (_lacks(),)),)
    else:
        first = (Box("Exercice : Relève ne répond que sur sa propre machine."),)
    return (*first, Head("Le réseau de crise"), Steps(_NETWORK[:1]), _by_hand())


def _lacks() -> Absent:
    return Absent(_NONE, _PREPARE)


def _by_hand() -> Fields:
    return Fields(
        (
            Field("Adresse de Relève"),
            Field("Nom du Wi-Fi de crise"),
            Field("Mot de passe"),
            Field("Où est le routeur, qui a la clé"),
        )
    )


def _grouped(fingerprint: str) -> tuple[str, ...]:
    """Eight groups a line, to be read aloud and compared."""
    groups = fingerprint.split(":") if fingerprint else []
    return tuple(" ".join(groups[at : at + _GROUPS]) for at in range(0, len(groups), _GROUPS))


def code(text: str) -> str:
    """A QR code as SVG, its quiet zone included."""
    import qrcode
    from qrcode.image.svg import SvgPathImage

    image = qrcode.make(text, image_factory=SvgPathImage, box_size=14)
    return str(image.to_string(encoding="unicode"))
