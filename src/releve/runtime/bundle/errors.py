"""Why an installer could not be made."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class NotBookworm(ReleveError):
    """Un installeur pour Debian 12 amd64 se fabrique sur Debian 12 amd64, pas sur {found}."""

    next_step = "Lancez ./run bundle sur une machine Debian 12 (une machine virtuelle convient)."


class NoDebianSource(ReleveError):
    """Aucune source apt de Debian 12 (bookworm, main) n'est déclarée sur cette machine."""

    next_step = "Déclarez-la (dépôt de Debian ou miroir interne), apt-get update, puis recommencez."


class FetchFailed(ReleveError):
    """{what} : échec. {why}"""

    next_step = (
        "Vérifiez le réseau. Derrière un mandataire : HTTPS_PROXY, et pour apt"
        " Acquire::http::Proxy. Si le mandataire ouvre TLS, son autorité doit être dans la liste"
        " de cette machine (update-ca-certificates) ou dans PIP_CERT."
    )


class KeyRefused(ReleveError):
    """La clé {path} ne peut pas signer : {why}."""

    next_step = "Une clé Ed25519 en PEM, sans mot de passe : openssl genpkey -algorithm ed25519"


class WheelIncomplete(ReleveError):
    """Le paquet du programme n'est pas complet : il manque {what}."""

    next_step = "Installez npm (apt-get install npm), relancez ./run doctor, puis ./run bundle."
