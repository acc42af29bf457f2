"""The words of the navigation, in the order of use; each comes with its room's first page."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from releve.care.app.reading import READERS as PATIENT_READERS
from releve.drill.app.who import CONCERNED
from releve.establishment.app.seen import READERS as MAP_READERS
from releve.incident.app.views import crisis_word
from releve.pages.frame import Entry
from releve.pages.roles import EVERYONE, PRIVILEGED, PROOF_READERS, Role
from releve.vault.app.views import READERS

NAVIGATION = (
    Entry(_("Aujourd'hui"), "today", EVERYONE),
    Entry(_("Patients"), "patients", frozenset(PATIENT_READERS)),
    Entry(_("Machines"), "machines", frozenset(READERS)),
    Entry(_("Crise"), "crisis", EVERYONE, crisis_word),
    Entry(_("Exercices"), "field", CONCERNED),
    Entry(_("Preuves"), "proofs", PROOF_READERS),
    Entry(_("Accords"), "approvals", PRIVILEGED),
    Entry(_("Comptes"), "accounts", frozenset({Role.DSI})),
    Entry(_("Établissement"), "establishment", frozenset(MAP_READERS)),
    Entry(_("Sans logiciel"), "interviews", frozenset({Role.CAREGIVER})),
)
