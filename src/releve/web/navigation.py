"""The words of the navigation, in the order of use; each comes with its room's first page."""

from __future__ import annotations

from releve.care.app.reading import READERS as PATIENT_READERS
from releve.incident.app.views import crisis_word
from releve.pages.frame import Entry
from releve.pages.roles import EVERYONE, PRIVILEGED, PROOF_READERS, Role
from releve.vault.app.views import READERS

NAVIGATION = (
    Entry("Aujourd'hui", "today", EVERYONE),
    Entry("Patients", "patients", frozenset(PATIENT_READERS)),
    Entry("Machines", "machines", frozenset(READERS)),
    Entry("Crise", "crisis", EVERYONE, crisis_word),
    Entry("Preuves", "proofs", PROOF_READERS),
    Entry("Accords", "approvals", PRIVILEGED),
    Entry("Comptes", "accounts", frozenset({Role.DSI})),
)
