"""The interview of one service as its head does it on a phone: every field and tap counted."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass
class Hand:
    """Counts what a thumb does: a tap, a choice in a list, a field typed."""

    page: Page
    taps: int = 0
    fields: int = 0

    @property
    def acts(self) -> int:
        return self.taps + self.fields

    def tap(self, what: str) -> None:
        self.page.click(what)
        self.taps += 1

    def choose(self, name: str, value: str) -> None:
        self.page.select_option(f"select[name='{name}']", value)
        self.taps += 1

    def type(self, name: str, words: str) -> None:
        self.page.fill(f"input[name='{name}']", words)
        self.fields += 1


def answer(page: Page, address: str, name: str) -> Hand:
    """From the first page to the signature; the service's graph is known. Each answer the service
    could give is given: four horizons with what is done, the loss, each need, staff, paper, call.
    """
    hand = Hand(page)
    page.goto(address)
    hand.tap("nav >> text=Sans logiciel")
    hand.tap(f"th a:has-text('{name}')")
    for minutes, impact in ((60, "hindrance"), (240, "late"), (1440, "stopped"), (11520, "danger")):
        hand.tap(f"label:has(input[name='impact-{minutes}'][value='{impact}'])")
    hand.type("instead-60", "Feuilles vierges du chariot, une par patient")
    hand.type("instead-1440", "Programme réduit, un cadre tient le tableau papier")
    hand.tap("label:has(input[name='pdma'][value='60'])")
    hand.tap("text=Continuer")
    for field in page.eval_on_selector_all("form > fieldset select", "all => all.map(e => e.name)"):
        if field.startswith("way-n-"):
            hand.choose(field, "paper")
    hand.type("staff", "3 infirmiers et 2 aides-soignants")
    hand.type("paper", "60 dossiers vierges, armoire de la salle de soins")
    hand.type("call", "Cadre de garde, 06 39 98 00 01")
    hand.tap("text=Relire et signer")
    if not page.input_value("#function"):
        hand.type("function", "cadre de santé")
    hand.tap("text=Je signe")
    return hand
