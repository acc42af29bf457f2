"""An observer's code: one per exercise and place, 80 bits, printed on that place's sheet.

It opens that place's page and nothing else, from the preparation until some hours after the end
(``rules.toml``). It is drawn from the home's own key, the place and its round, so that a sheet can
be printed again and no table holds it; replacing it is adding one to the round. The browser then
keeps a signed cookie that says which place, never who.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from releve.drill.app.models import Exercise, Place
from releve.drill.field.errors import CodeClosed
from releve.drill.field.exercise import State
from releve.drill.field.rules import rules

COOKIE = "releve_observation"
#: Crockford's alphabet: no I, L, O or U to misread.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = 16
_SALT = "releve.drill.observation"


def code_of(place: Place) -> str:
    """« 7K2M-QX4P-0A9T-HE3D »: the same until the place's round changes."""
    said = f"{_SALT}|{place.exercise_id}|{place.pk}|{place.round}".encode()
    drawn = hmac.digest(settings.SECRET_KEY.encode(), said, hashlib.sha256)
    number = int.from_bytes(drawn, "big")
    letters = "".join(_ALPHABET[(number >> (5 * i)) & 31] for i in range(_LETTERS))
    return "-".join(letters[i : i + 4] for i in range(0, _LETTERS, 4))


def closes_at(exercise: Exercise) -> datetime:
    """Until when the codes of this exercise open."""
    if exercise.ended_at is not None:
        return exercise.ended_at + rules().code_after_end
    planned_end = exercise.planned_at + timedelta(minutes=exercise.minutes)
    return max(planned_end, exercise.started_at or planned_end) + rules().code_after_planned


def is_open(exercise: Exercise, now: datetime) -> bool:
    """Codes of an exercise signed, given up or long over are closed."""
    closed = exercise.stands in (State.SIGNED, State.DROPPED)
    return not closed and now < closes_at(exercise)


def place_of(text: str, now: datetime) -> Place:
    """The place a code opens; raises :class:`~releve.drill.field.errors.CodeClosed`."""
    letters = text.upper().translate(str.maketrans("OIL", "011"))
    typed = "".join(letter for letter in letters if letter in _ALPHABET)
    found = None
    for place in _open_places(now):
        wanted = code_of(place).replace("-", "")
        if hmac.compare_digest(wanted, typed):
            found = place
    if found is None:
        raise CodeClosed
    return found


def remember(response: HttpResponse, place: Place, now: datetime) -> None:
    """Give the browser the cookie of that place."""
    lasts = closes_at(place.exercise) - now
    response.set_cookie(
        COOKIE,
        signing.dumps([place.pk, place.round], salt=_SALT),
        max_age=max(60, int(lasts.total_seconds()) + int(rules().code_after_end.total_seconds())),
        path="/observation/",
        httponly=True,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def observed_place(request: HttpRequest, now: datetime) -> Place:
    """The place this browser's cookie opens; raises ``CodeClosed``."""
    try:
        pk, number = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise CodeClosed from None
    place = Place.objects.select_related("exercise").filter(pk=pk, round=number).first()
    if place is None or not is_open(place.exercise, now):
        raise CodeClosed
    return place


def _open_places(now: datetime) -> list[Place]:
    """Of exercises that are not signed; those long over are left out."""
    recent = now - timedelta(days=2)
    rows = Place.objects.select_related("exercise").exclude(exercise__state=State.SIGNED.value)
    rows = rows.exclude(exercise__planned_at__lt=recent, exercise__live=False)
    return [place for place in rows if is_open(place.exercise, now)]
