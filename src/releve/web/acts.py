"""Every act that needs two people, by its kind. A capability's act is one more line here.

Those marked ``solo`` may also be done by one person, under a delegation that names them.
"""

from __future__ import annotations

from collections.abc import Mapping

from releve.care.app.acts import PUBLISH, publish_act
from releve.incident.app.acts import OPEN, OPEN_ACT
from releve.pages.acts import Act
from releve.pages.delegation_desk import SIGN, SIGN_ACT
from releve.pages.grants import GIVE_ROLE, GIVE_ROLE_ACT
from releve.runtime.duty_tasks import publish_kits
from releve.vault.app.acts import RESTORE, RESTORE_ACT
from releve.vault.app.retention_acts import HOLD, HOLD_ACT, LIFT, LIFT_ACT
from releve.web.retention_acts import PURGE, PURGE_ACT, SHORTEN, SHORTEN_ACT

ACTS: Mapping[str, Act] = {
    OPEN: OPEN_ACT,
    HOLD: HOLD_ACT,
    LIFT: LIFT_ACT,
    PUBLISH: publish_act(publish_kits.enqueue),
    RESTORE: RESTORE_ACT,
    GIVE_ROLE: GIVE_ROLE_ACT,
    SIGN: SIGN_ACT,
    PURGE: PURGE_ACT,
    SHORTEN: SHORTEN_ACT,
}
