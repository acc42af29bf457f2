"""What the crisis room refuses, and what the reader should do about it."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class NoCrisis(ReleveError):
    """Aucune crise n'est ouverte : rien n'a été écrit."""

    next_step = "Ouvrez la crise d'abord : page « Crise », ou ./run incident open."
    exit_code = 1


class EmptyWords(ReleveError):
    """Il manque les mots : {what}."""

    next_step = "Écrivez une ligne, même courte, et recommencez : rien n'a été perdu ni écrit."


class TooLong(ReleveError):
    """Cette ligne compte {length} signes, la main courante en prend {limit} au plus."""

    next_step = "Coupez-la en plusieurs lignes : chacune garde son heure."


class NotALine(ReleveError):
    """La ligne {number} n'existe pas dans cette main courante."""

    next_step = "Reprenez son numéro sur la page ou sur le papier, puis recommencez."


class BadHour(ReleveError):
    """« {text} » n'est pas une heure."""

    next_step = "Écrivez l'heure du fait comme 02:47 ; laissez-la telle quelle pour « maintenant »."


class UnknownGate(ReleveError):
    """Cette porte n'existe pas : « {slug} »."""

    next_step = "Les portes sont : {known}."


class UnknownStep(ReleveError):
    """Cet acte n'existe pas dans la liste : « {slug} »."""

    next_step = "Rechargez la page « Crise » : elle montre la liste en vigueur."


class UnknownQuestion(ReleveError):
    """Cette question n'attend pas cette réponse : « {slug} »."""

    next_step = "Rechargez la page « Crise » : elle montre les questions en vigueur."


class UnknownCut(ReleveError):
    """Cette coupure n'existe pas dans la liste : « {slug} »."""

    next_step = "Rechargez la page « Crise » ; une autre coupure s'écrit dans la main courante."


class CannotReopen(ReleveError):
    """La crise {number} ne peut pas être rouverte : {why}."""

    next_step = "Ouvrez une nouvelle crise : l'ancienne main courante reste lisible."
