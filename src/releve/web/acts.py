"""Every act that needs two people, by its kind. A capability's act is one more line here."""

from __future__ import annotations

from collections.abc import Mapping

from releve.pages.acts import Act
from releve.pages.grants import GIVE_ROLE, GIVE_ROLE_ACT
from releve.vault.app.acts import RESTORE, RESTORE_ACT
from releve.web.retention_acts import PURGE, PURGE_ACT, SHORTEN, SHORTEN_ACT

ACTS: Mapping[str, Act] = {
    GIVE_ROLE: GIVE_ROLE_ACT,
    RESTORE: RESTORE_ACT,
    PURGE: PURGE_ACT,
    SHORTEN: SHORTEN_ACT,
}
