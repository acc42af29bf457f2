"""What other rooms hold, as the binder prints it: delegations in force, procedures kept."""

from __future__ import annotations

from hashlib import sha256

import pytest
from django.utils import timezone

from releve.establishment import load
from releve.establishment.procedures import Procedure, keep
from releve.incident.binder.material import Variant
from releve.incident.logbook import Author
from releve.kernel.home import Home
from releve.pages.models import Delegation
from releve.runtime.binder import Asked, bind
from tests.incident import paper
from tests.web.delegated import delegation_used

pytestmark = pytest.mark.django_db(transaction=True)


def test_delegations_and_procedures_stand_on_paper_where_they_are_looked_for(records: Home) -> None:
    now = timezone.now()
    load(records, paper.VALBRUME, now)
    number, _ = delegation_used(records)
    data = b"Tableau mural, feuille verte."
    kept = Procedure(
        sha256(data).hexdigest(), "accueil.docx", "Accueil sans logiciel", "URG", "2026-03-01",
        2, "docx", len(data), now,
    )  # fmt: skip
    assert keep(records, kept, data, "Tableau mural")
    asked = Asked(Variant.CELL, "Direction", ("URG",))
    made = bind(records, asked, now, Author("console")).made
    alone = paper.said(made.files["dix-minutes"])[2]
    row = Delegation.objects.get(pk=number)
    assert "Ce que vous pouvez faire seul" in alone
    assert f"délégation n° {number} : Le directeur de garde ne répond pas." in alone
    assert str(row.signed_by) in alone and "→" in alone and "Wi-Fi" in alone
    assert "aucune délégation" not in {each.what.partition(" signée")[0] for each in made.missing}
    (instead,) = paper.said(made.files["mode-degrade"])
    assert "Accueil sans logiciel (01/03/2026)" in instead
    (index,) = [w for w in paper.said(made.files["sources"]) if "Procédures de l'hôpital" in w]
    assert all(w in index for w in ("Accueil sans logiciel", "Urgences", "01/03/2026"))
