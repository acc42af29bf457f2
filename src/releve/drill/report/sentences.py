"""The three sentences a director can repeat to the board, built from the result alone."""

from __future__ import annotations

from collections.abc import Sequence

from releve.drill.measures import Measure, Result
from releve.drill.report import hours
from releve.drill.report.catalogue import words_for
from releve.drill.report.figures import obtained
from releve.drill.report.inert import inert
from releve.kernel.units import thousands

#: More names than this in a sentence cannot be repeated aloud.
_MOST_NAMES = 3


def three_sentences(result: Result) -> tuple[str, str, str]:
    """What was played and held; what became of the patients' files; of the alarm, the backups and
    the servers. Each stands alone and hides no failure.
    """
    return (
        _played(result),
        _cared(result),
        f"{_alarm(result)} ; {_backups(result)} ; {_back(result)}.",
    )


def limit(result: Result) -> str:
    """What the three sentences do not say: a simulation, on so many real machines."""
    fleet = result.account.fleet
    if fleet is None:
        return "Simulation : rien ici ne prouve vos propres machines."
    return (
        f"Simulation jouée sur {fleet.real} machines réelles sur {thousands(fleet.listed)} : les"
        " autres ne sont que sur la carte, aucune mesure ne les compte, et rien ici ne prouve vos"
        " propres machines."
    )


def verdict(result: Result) -> str:
    """The whole drill in a few words: « Tous les objectifs sont tenus »."""
    missed = sum(m.met is False for m in result.measures)
    unmeasured = sum(n.had_target for n in result.not_measured)
    told = []
    if missed:
        told.append(
            f"{missed} objectif{'s' if missed > 1 else ''} manqué{'s' if missed > 1 else ''}"
        )
    if unmeasured:
        told.append(f"{unmeasured} non mesuré{'s' if unmeasured > 1 else ''}")
    if told:
        return ", ".join(told)
    if not any(m.met for m in result.measures):
        return "Aucun objectif n'était fixé"
    return "Tous les objectifs sont tenus"


def _played(result: Result) -> str:
    missed = [m.id for m in result.measures if m.met is False]
    unmeasured = [n.id for n in result.not_measured if n.had_target]
    total = sum(m.met is not None for m in result.measures) + len(unmeasured)
    opening = (
        f"Le {hours.day(result.started)}, l'attaque « {inert(result.title, 120)} » a été jouée"
        " sur un hôpital simulé"
    )
    if total == 0:
        return f"{opening} : aucun objectif n'était fixé, rien ne peut en être conclu."
    if not missed and not unmeasured:
        return f"{opening} : les {total} objectifs visés ont tous été tenus."
    told = []
    if missed:
        verb = "n'a pas été tenu" if len(missed) == 1 else "n'ont pas été tenus"
        told.append(f"{len(missed)} objectif{_s(missed)} sur {total} {verb} ({_names(missed)})")
    if unmeasured:
        verb = "n'a pas pu être mesuré" if len(unmeasured) == 1 else "n'ont pas pu être mesurés"
        of = "" if missed else f" objectif{_s(unmeasured)} sur {total}"
        told.append(f"{len(unmeasured)}{of} {verb} ({_names(unmeasured)})")
    return f"{opening} : {' ; '.join(told)}."


def _cared(result: Result) -> str:
    told = [_first_file(result), _in_kits(result), _messages(result)]
    if told == [None, None, None]:
        return "L'accès aux dossiers des patients n'a pas été mesuré."
    missing = "ce qu'il reste des dossiers des patients n'a pas été mesuré en entier"
    said = [one for one in told if one is not None] + ([missing] if None in told else [])
    whole = " ; ".join(said)
    return f"{whole[:1].upper()}{whole[1:]}."


def _first_file(result: Result) -> str | None:
    opened = _find(result, "care.first_file_seconds")
    if opened is None:
        unread = next((n for n in result.not_measured if n.id == "care.first_file_seconds"), None)
        if unread is not None and unread.had_target:
            return "tout perdu, aucun dossier de patient n'a été ouvert"
        return None
    if opened.value is None:
        return "tout perdu, aucun dossier de patient n'a pu être lu"
    late = ", plus tard que visé" if opened.met is False else ""
    return (
        f"tout perdu, un premier dossier de patient a été lu en {obtained(opened)}, sans"
        f" informatique{late}"
    )


def _in_kits(result: Result) -> str | None:
    held = _find(result, "care.kit_patients")
    if held is None or held.value is None:
        return None
    if held.met and held.value:
        return f"les {thousands(int(held.value))} patients présents étaient tous dans les kits"
    return f"{obtained(held)} patients étaient dans les kits"


def _messages(result: Result) -> str | None:
    lost = _find(result, "feed.acknowledged_lost")
    if lost is None or lost.value is None:
        return None
    if lost.value <= 0:
        return "aucun message confirmé n'a été perdu"
    many = "s" if lost.value > 1 else ""
    verb = "ont" if many else "a"
    return f"{thousands(int(lost.value))} message{many} confirmé{many} {verb} été perdu{many}"


def _alarm(result: Result) -> str:
    delay, lost = _find(result, "detect.seconds"), _find(result, "detect.files_lost")
    if delay is None:
        return "Le temps jusqu'à l'alarme n'a pas été mesuré"
    if delay.value is None:
        return "Aucune alarme n'a été donnée pendant l'attaque"
    late = ", trop tard" if delay.met is False else ""
    files = ""
    if lost is not None and isinstance(lost.value, int):
        many = "s" if lost.value > 1 else ""
        files = f" et {thousands(lost.value)} fichier{many} chiffré{many}"
    return f"L'alarme est venue après {obtained(delay)}{files}{late}"


def _backups(result: Result) -> str:
    tried, refused = (
        _find(result, "vault.destroy_attempts"),
        _find(result, "vault.destroy_refused"),
    )
    if tried is None or refused is None or tried.value is None or refused.value is None:
        return "la résistance des sauvegardes n'a pas été mesurée"
    reached = int(tried.value) - int(refused.value)
    if tried.value == 0:
        return "personne n'a tenté de détruire les sauvegardes, leur résistance n'est pas prouvée"
    if reached <= 0:
        return f"les sauvegardes ont résisté aux {tried.value} tentatives de les détruire"
    verb = "a abouti" if reached == 1 else "ont abouti"
    return f"{reached} des {tried.value} tentatives de détruire les sauvegardes {verb}"


def _back(result: Result) -> str:
    seconds = _find(result, "restore.p0_seconds")
    if seconds is None:
        told = "le retour des serveurs vitaux n'a pas été mesuré"
    elif seconds.value is None:
        told = "les serveurs vitaux ne sont pas revenus"
    else:
        told = f"les serveurs vitaux sont revenus{_in_order(result)} en {obtained(seconds)}"
        told += ", plus tard que visé" if seconds.met is False else ""
        told += " de temps technique" if seconds.met is not False else " (temps technique)"
    same = _find(result, "vault.restored_identical")
    if same is not None and same.met is False:
        told += f", avec des fichiers altérés ou absents ({obtained(same)} exacts)"
    return told


def _in_order(result: Result) -> str:
    ordered = _find(result, "restore.order_respected")
    if ordered is None or ordered.value is None:
        return ""
    return " dans l'ordre" if ordered.value else ", dans le mauvais ordre,"


def _find(result: Result, measure_id: str) -> Measure | None:
    return next((m for m in result.measures if m.id == measure_id), None)


def _names(ids: Sequence[str]) -> str:
    shown = [_lower_first(inert(words_for(name).name, 80)) for name in ids[:_MOST_NAMES]]
    more = len(ids) - _MOST_NAMES
    return ", ".join(shown) + (f" et {more} autre{'s' if more > 1 else ''}" if more > 0 else "")


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _s(many: Sequence[object]) -> str:
    return "s" if len(many) > 1 else ""
