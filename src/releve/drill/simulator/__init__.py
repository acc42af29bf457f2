"""The simulated hospital: its machines, servers and people, an attacker and an intruder.

Shipped, because it is the demonstration too. ``plan`` draws the story of a seed before anything
starts; ``fleet`` lays it out in a folder made and marked by this run; ``workstation`` and
``servers`` live it as real processes, with the unmodified restic; ``attack`` starts the attacker,
``intruder`` turns a stolen credential against the backups, ``persons`` play people through the
product's pages, ``proxy`` notes what the receiver acknowledged. Loopback only, invented content
only; nothing here knows how the product works inside.
"""
