"""Care: the patient file goes on being read when the hospital's own system does not answer.

An HL7 v2 feed is received by MLLP and kept whole, as it came, before it is acknowledged: « AA »
means on this machine's disk. Views (identity, movements, allergies, prescriptions, results,
documents) are made from that journal and from nothing else, each message having its effect once;
they can be thrown away and made again, byte for byte. Pages, ward kits and paper show those views
as received, with the age of each part and the four states of an absence kept apart.

The journal is enciphered under a key per month of reception; destroying a month's key ends what was
received in it, on this disk and in every copy of the journal.

Limits. One machine, one disk: what replication has not shipped is lost with it. What a sender never
sent is not here, and a message that cannot be read waits in quarantine, counted on its patient's
page. Nothing is computed: no dose, no score. Senders are told apart by what they say of themselves
(MSH-3, MSH-4), not by a certificate yet; loopback only.
"""

from releve.care.intake import Gone, Incoming, Intake, Kept, read_kept
from releve.care.progress import projected

__all__ = ["Gone", "Incoming", "Intake", "Kept", "projected", "read_kept"]
