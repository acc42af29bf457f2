"""From the journal of messages to the views that pages, kits and paper are made of (SQLite).

Promise: each record has its effect once, in one transaction with the cursor; the same records give
the same rows, byte for byte, in whatever batches (:func:`dump`). Who is where follows the
movements' own dates (ZBE), what stands follows the versions messages give: arriving late, twice or
in disorder changes nothing. Merges are links and can be undone. A text is what a field says, with
its place (:func:`locate`).

A message that lacks what its view needs waits in quarantine with the reason, its good part shown; a
kind without a view is counted « non projeté ». Sent again readably (same sender and MSH-10), it no
longer waits.

Limits: PID-3 without any patient number is not guessed; two patient numbers in one PID-3 are not
joined (the first « PI » counts); MSH-7 and EVN-2 of a sender are believed; an allergy no longer
repeated is kept. Laboratory orders, administrations and appointments have no view yet.
"""

from releve.care.projection.errors import ViewsForeign, ViewsGap, ViewsMissing
from releve.care.projection.projector import Projector, Taken, octets_digest
from releve.care.projection.reading import locate
from releve.care.projection.schema import difference, dump, install

__all__ = [
    "Projector",
    "Taken",
    "ViewsForeign",
    "ViewsGap",
    "ViewsMissing",
    "difference",
    "dump",
    "install",
    "locate",
    "octets_digest",
]
