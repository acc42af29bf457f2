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
    """What was played and held; when the alarm came and what the backups stood; what came back."""
    return (_played(result), f"{_alarm(result)} ; {_backups(result)}.", _restored(result))


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


def _alarm(result: Result) -> str:
    delay, lost = _find(result, "detect.seconds"), _find(result, "detect.files_lost")
    if delay is None:
        return "Le temps jusqu'à l'alarme n'a pas été mesuré"
    files = ""
    if lost is not None and isinstance(lost.value, int):
        many = "s" if lost.value > 1 else ""
        files = f" ; {thousands(lost.value)} fichier{many} avai{'en' if many else ''}t été chiffré"
        files += f"{many} avant elle" if delay.value is not None else f"{many}"
    if delay.value is None:
        return f"Aucune alarme n'a été donnée pendant l'attaque{files}"
    late = ", trop tard" if delay.met is False else ""
    return f"L'alarme a été donnée {obtained(delay)} après le premier fichier chiffré{late}{files}"


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


def _restored(result: Result) -> str:
    limit = "ceci est une simulation, elle ne prouve rien de vos propres machines."
    seconds = _find(result, "restore.p0_seconds")
    if seconds is None:
        opening = "Le retour des serveurs vitaux n'a pas été mesuré"
    elif seconds.value is None:
        opening = "Les serveurs vitaux ne sont pas revenus"
    else:
        late = ", plus tard que visé" if seconds.met is False else ""
        opening = (
            f"Les serveurs vitaux répondaient de nouveau {obtained(seconds)} après"
            f" l'ordre{late} (temps technique : sans les décisions ni le nettoyage du réseau)"
        )
    same = _find(result, "vault.restored_identical")
    if same is None or same.value is None:
        files = "l'exactitude des fichiers restaurés n'a pas été mesurée"
    elif same.met is False:
        files = f"des fichiers restaurés sont altérés ou absents ({obtained(same)} exacts)"
    else:
        files = f"les fichiers restaurés sont identiques ({obtained(same)})"
    return f"{opening} ; {files} ; {limit}"


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
