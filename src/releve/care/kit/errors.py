"""The kits' errors: the docstring is the message, ``next_step`` what to do now."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class KitError(ReleveError):
    """Le kit n'a pas pu être fait ou ouvert."""


class KitsNotBuilt(KitError):
    """Kits non construits : {why}."""

    next_step = "{fix}"


class CodeMistyped(KitError):
    """Ce code comporte une faute de frappe : {why}."""

    next_step = (
        "Relisez la carte signe par signe. 8 et B, 5 et S, 2 et Z se ressemblent ;"
        " il n'y a ni O, ni I, ni L, ni U."
    )
    exit_code = 1


class CodeWrong(KitError):
    """Ce code n'ouvre pas ce kit ({kit})."""

    next_step = (
        "Vérifiez que la carte porte le même service et la même fenêtre que le kit : un code"
        " n'ouvre qu'un service, et change après chaque ouverture. Si c'est bien elle, cette page a"
        " été modifiée ou abîmée : prenez une autre copie."
    )
    exit_code = 1


class KitUnreadable(KitError):
    """Le kit {path} n'est pas lisible : {why}."""

    next_step = (
        "Prenez une autre copie de ce kit (autre poste, clé USB de l'enveloppe) ;"
        " à défaut, l'impression papier du service."
    )


class KitAltered(KitUnreadable):
    """Le kit {path} a été modifié depuis sa fabrication : {why}."""

    next_step = (
        "Ne vous y fiez pas. Prenez une autre copie, gardez celle-ci de côté et dites-le à"
        " l'astreinte informatique."
    )


class KitNotSigned(KitError):
    """La signature de {path} n'est pas bonne : {why}."""

    next_step = (
        "Ne vous y fiez pas : prenez une autre copie, dont le fichier .sig est à côté, et comparez"
        " l'empreinte à celle de la carte scellée."
    )
    exit_code = 1


class NoWindow(KitError):
    """Aucun kit n'a encore été fait pour le service {ward}."""

    next_step = "Faites-le : ./run care kit --ward {ward}"


class ShelfUnreadable(KitError):
    """{path} n'est pas lisible : {why}."""

    next_step = "Renommez ce fichier : il sera refait à la prochaine publication du service."


class SecretUnreadable(KitError):
    """Le secret {path} n'est pas lisible : {why}."""

    next_step = (
        "Restaurez ce fichier depuis une copie du dossier ; à défaut, renommez-le : le service"
        " recevra un nouveau code, et les kits déjà posés ne s'ouvriront qu'avec l'ancienne carte."
    )


class PaperRefused(KitError):
    """La mise en page du service {ward} a échoué : {why}."""

    next_step = "Le dernier bon kit reste en place ; signalez ce message avec le numéro du kit."
