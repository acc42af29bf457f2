"""The record system (DPI) and the laboratory of the simulated hospital, and the feed they send.

``story`` draws what happens to invented patients (a first load, then a ward day without end) and
writes each event as HL7 v2.5, IHE PAM France, in the ``habits`` that the seed drew; ``truth`` says
who lies in which bed, from the story's own facts and never from a message; ``link`` sends over
MLLP and sends again what nobody acknowledged; ``__main__`` is the process; :class:`His` is its
handle. The truth lives on the handle's side: it outlives the process when the night kills it.

Limits: names, numbers and treatments are invented, rates are assumptions; identities carry test
authorities (INS test OID 1.2.250.1.213.1.4.10, test FINESS); loopback only.
"""

from releve.drill.simulator.his.handle import Acknowledged, His
from releve.drill.simulator.his.order import Order, Ward, read_wards
from releve.drill.simulator.his.story import Story, story_sha256
from releve.drill.simulator.his.telling import Message
from releve.drill.simulator.his.truth import Resident, Truth

__all__ = [
    "Acknowledged",
    "His",
    "Message",
    "Order",
    "Resident",
    "Story",
    "Truth",
    "Ward",
    "read_wards",
    "story_sha256",
]
