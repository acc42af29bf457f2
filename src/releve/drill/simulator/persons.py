"""People of the hospital, played through the product's real pages: nothing is skipped for a drill.

Each person has a session of their own (cookies), a password and an application that shows six
digits (RFC 6238). They read forms as a browser without scripts does, and send back what the page
gave, its CSRF token included. :class:`People` are the two that a night needs: one asks, the other
approves. Loopback only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import httpx

from releve.drill.simulator.errors import DoorClosed
from releve.drill.simulator.forms import Page, filled, path_of, read_page
from releve.kernel.clock import Clock
from releve.kernel.outward import HttpTarget, Outward
from releve.kernel.world import World

#: The product's pages, by what a person does there.
DOORS: Mapping[str, str] = {
    "first access": "/premier-acces/",
    "activation": "/activation/",
    "sign in": "/connexion/",
    "second factor": "/connexion/code/",
    "sign out": "/deconnexion/",
    "application": "/compte/application/",
    "accounts": "/comptes/",
    "account": "/comptes/{number}/",
    "request": "/accords/demander/{kind}/",
    "approval": "/accords/{number}/",
    "crisis": "/crise/",
}
#: What a person sends from the crisis page.
_OPEN, _WRITE, _GATE = "/crise/ouvrir/", "/crise/ecrire/", "/crise/porte/{gate}/"
_ACCOUNT = re.compile(r"/comptes/(\d+)/")
_REQUEST = re.compile(r"/accords/([0-9a-f-]{36})/")
_STEP_S = 30
_CODE_POLL_S = 0.5
_TIMEOUT_S = 20.0


def totp(secret: str, step: int) -> str:
    """Six digits for a 30-second step (RFC 6238, SHA-1); ``secret`` in base 32."""
    padded = secret.upper() + "=" * (-len(secret) % 8)
    mac = hmac.new(base64.b32decode(padded), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = mac[-1] & 15
    (number,) = struct.unpack(">I", mac[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**6:06d}"


class Person(Outward):
    """One person, one browser. Not thread-safe. Every method raises ``DoorClosed`` with the page's
    own words when the product says no.
    """

    def __init__(
        self,
        world: World,
        home: Path,
        url: str,
        clock: Clock,
        *,
        login: str,
        name: str,
        password: str,
    ) -> None:
        super().__init__(world, home)
        self.admit(HttpTarget(url))
        self.login, self.name = login, name
        self._password, self._clock = password, clock
        self._secret = ""
        self._used: set[int] = set()
        self._client = httpx.Client(
            base_url=url, timeout=_TIMEOUT_S, follow_redirects=True, trust_env=False
        )

    def close(self) -> None:
        """Close the browser."""
        self._client.close()

    def first_access(self, code: str, finess: str, hospital: str) -> None:
        """Open the first account with the console's code, then set the application up."""
        answers = {
            "code": code, "name": self.name, "login": self.login, "password": self._password,
            "entity": finess, "entity_name": hospital,
        }  # fmt: skip
        self.submit("first access", answers)
        self._set_up_application()

    def activate(self, code: str) -> None:
        """Open an account that somebody made, then set the application up."""
        answers = {"login": self.login, "code": code, "password": self._password}
        self.submit("activation", answers)
        self._set_up_application()

    def sign_out(self) -> None:
        """End the session; the pages are closed until the next :meth:`sign_in`."""
        self.submit("sign out", {})

    def sign_in(self) -> None:
        """Password, then the six digits."""
        self.submit("sign in", {"login": self.login, "password": self._password})
        self.submit("second factor", {"code": self._digits()})

    def open_account(self, login: str, name: str, function: str) -> tuple[str, str]:
        """Make an account for someone; returns (the account's number, its activation code)."""
        answers = {"login": login, "name": name, "function": function}
        page, url = self.submit("accounts", answers)
        code = page.text("code")
        numbers = [found[1] for link in page.links if (found := _ACCOUNT.fullmatch(link))]
        if not code or not numbers:
            raise DoorClosed(page=path_of(url), why="aucun code d'activation")
        return numbers[0], code

    def give_role(self, number: str, role: str, perimeter: str) -> str:
        """Give a role; returns where that led: the account, or a request that awaits approval."""
        answers = {"role": role, "perimeter": perimeter}
        return self.submit("account", answers, number=number)[1]

    def request(self, kind: str, answers: Mapping[str, str]) -> str:
        """Ask for an act that takes two; returns the request's number."""
        return request_number(self.submit("request", answers, kind=kind)[1])

    def approve(self, number: str) -> None:
        """Read the request, then grant what its page shows, with a second factor of one's own."""
        self.submit("approval", {"code": self._digits()}, needs=("digest",), number=number)

    def open_crisis(self, cause: str) -> None:
        """One act, one person."""
        self._send(self._get(DOORS["crisis"]), {"cause": cause}, action=_OPEN)

    def note(self, text: str) -> None:
        """A line in the main courante of the open crisis: something seen."""
        answers = {"text": text, "nature": "constaté"}
        self._send(self._get(DOORS["crisis"]), answers, action=_WRITE)

    def close_gate(self, gate: str) -> None:
        """Confirm, under one's own name, that a gate of the recovery order is closed."""
        action = _GATE.format(gate=_slug(gate))
        self._send(self._get(DOORS["crisis"]), {"closed": "1"}, action=action)

    def submit(
        self, door: str, answers: Mapping[str, str], *, needs: tuple[str, ...] = (), **place: str
    ) -> tuple[Page, str]:
        """Open a page, fill the form that asks for ``answers`` (and ``needs``), send it.

        Returns the page that followed and its address.
        """
        return self._send(self._get(DOORS[door].format(**place)), answers, needs)

    def _send(
        self,
        seen: httpx.Response,
        answers: Mapping[str, str],
        needs: tuple[str, ...] = (),
        action: str | None = None,
    ) -> tuple[Page, str]:
        shown = read_page(seen.text)
        if action is None:
            form = shown.form_with(*answers, *needs)
        else:
            form = next((one for one in shown.forms if one.action == action), None)
        if form is None:
            why = shown.errors or f"{seen.status_code}, « {shown.says[:200]} »"
            raise DoorClosed(page=path_of(str(seen.url)), why=why)
        target = str(seen.url.join(form.action))
        self.admit(HttpTarget(target))
        headers = {"Referer": str(seen.url), "Origin": str(self._client.base_url).rstrip("/")}
        answer = self._client.post(target, data=filled(form, answers), headers=headers)
        page = read_page(answer.text)
        if answer.status_code >= 400 or page.errors:
            why = page.errors or f"réponse {answer.status_code}"
            raise DoorClosed(page=path_of(str(answer.url)), why=why)
        return page, str(answer.url)

    def _set_up_application(self) -> None:
        """The page draws a new key each time it is read: the code goes back with that very page."""
        seen = self._get(DOORS["application"])
        self._secret = read_page(seen.text).text("secret")
        self._send(seen, {"code": self._digits()})

    def _digits(self) -> str:
        """A code never shown before: this step's, the next one's, or the one before; when all
        three were, wait for the application to show another.
        """
        while True:
            now = int(self._clock.now().timestamp()) // _STEP_S
            for step in (now, now + 1, now - 1):
                if step not in self._used:
                    self._used.add(step)
                    return totp(self._secret, step)
            self._clock.sleep(_CODE_POLL_S)

    def _get(self, path: str) -> httpx.Response:
        return self._client.get(path)


def _slug(words: str) -> str:
    """« identité assainie » as an address writes it."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def request_number(url: str) -> str:
    """The request that a page's address shows; raises ``DoorClosed`` for another page."""
    found = _REQUEST.fullmatch(path_of(url))
    if found is None:
        raise DoorClosed(page=path_of(url), why="ce n'est pas la page d'une demande")
    return found[1]


class People:
    """The two persons of a night: ``asker`` and ``approver``. ``acts`` tells what was done through
    the doors, in French.
    """

    def __init__(
        self,
        world: World,
        home: Path,
        url: str,
        clock: Clock,
        rng: Random,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.acts: list[str] = []
        #: The number of the approver's account, once they arrived.
        self.approver_number = ""
        self._told = told
        self.asker, self.approver = (
            Person(
                world, home, url, clock, login=login, name=name,
                password=f"essai-{rng.randrange(10**12):012d}",
            )
            for login, name in (
                ("isaure.garenvaux", "Isaure Garenvaux (essai)"),
                ("octave.malvoisin", "Octave Malvoisin (essai)"),
            )
        )  # fmt: skip

    def arrive(self, code: str, finess: str, hospital: str, *, role: str = "direction") -> None:
        """First access with the console's ``code``, a second account, its role on the legal entity
        and its activation: each with a password and six digits.
        """
        asker, approver = self.asker, self.approver
        asker.first_access(code, finess, hospital)
        self._did(f"{asker.name} ouvre le premier compte avec le code de la console")
        number, activation = asker.open_account(approver.login, approver.name, "direction de garde")
        asker.give_role(number, role, finess)
        self.approver_number = number
        self._did(f"{asker.name} ouvre un compte à {approver.name} et lui donne un rôle")
        approver.activate(activation)
        self._did(f"{approver.name} active son compte avec le code remis en main propre")

    def order(self, kind: str, answers: Mapping[str, str]) -> str:
        """One asks for the act, the other approves it in a session of their own; returns the
        request's number. The act has been performed or queued on return.
        """
        number = self.asker.request(kind, answers)
        self._did(f"{self.asker.name} demande « {kind} »")
        self.approve(number, kind)
        return number

    def open_crisis(self, cause: str) -> None:
        """The first of the two opens a crisis alone."""
        self.asker.open_crisis(cause)
        self._did(f"{self.asker.name} ouvre la crise : « {cause} »")

    def note(self, text: str) -> None:
        """A line typed in the main courante."""
        self.asker.note(text)
        self._did(f"{self.asker.name} écrit à la main courante : « {text} »")

    def close_gate(self, gate: str) -> str:
        """A gate of the recovery order is confirmed; returns by whom."""
        self.approver.close_gate(gate)
        self._did(f"{self.approver.name} confirme la porte « {gate} »")
        return self.approver.name

    def approve(self, number: str, what: str) -> None:
        """The second person reads a request and grants it, with a second factor given for it."""
        self.approver.approve(number)
        self._did(f"{self.approver.name} approuve « {what} » avec son second facteur")

    def close(self) -> None:
        """Close both browsers."""
        self.asker.close()
        self.approver.close()

    def _did(self, act: str) -> None:
        self.acts.append(act)
        self._told(act)
