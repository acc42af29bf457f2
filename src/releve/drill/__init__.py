"""The bad night, played on real processes and measured.

A scenario (TOML) says when things happen and what is aimed at; ``simulator`` plays the hospital,
its people and its attacker; ``engine`` starts the product through the ``Platform`` port, plays the
timeline on the wall clock and measures from outside; ``report`` tells it. No capability is
imported here: the measured does not measure itself.
"""
