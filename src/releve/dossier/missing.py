"""What a reader would need and that this home does not say; one sentence each."""

from __future__ import annotations

from releve.dossier.material import Material


def controller(material: Material) -> list[str]:
    """Who answers for the data."""
    return [] if material.entity else ["Responsable du traitement non renseigné (premier accès)"]


def officer(material: Material) -> list[str]:
    """The DPO, and listening opened without one."""
    said = [] if material.dpo else ["DPO non renseigné (./run retention dpo)"]
    return said + [f"Écoute ouverte sans DPO : {each}" for each in material.overrides]


def durations(material: Material) -> list[str]:
    """Durations that nobody decided or signed."""
    undecided = [store.name for store in material.stores if not store.decided]
    unsigned = sum(store.decided and not store.signed for store in material.stores)
    said = [f"Durée non décidée : {name}" for name in undecided]
    return [*said, f"{unsigned} durées proposées, non signées"] if unsigned else said


def service(material: Material) -> list[str]:
    """Addresses are known for sure only while it is served."""
    if material.served:
        return []
    return ["Service arrêté : les adresses sont celles qu'il reprendrait (./run serve)"]


def callers(material: Material) -> list[str]:
    """Whom to call."""
    said = [] if material.rotas else ["Aucun tour de garde dans la description de l'établissement"]
    return said if material.suppliers else [*said, "Aucun fournisseur avec un téléphone"]
