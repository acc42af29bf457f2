"""The fault rig: what a writer acknowledged must be there, once, after any kill or power cut.

    python -m tests.rig WRITER --points N --seed S [--json FILE] [--mutant]

A *point* is one ending of a writer at work, of three kinds: killed at the Nth write, fsync or
rename/link (strace injection); killed at random under load; power cut on a loop ext4. After each
the writer's own checker opens what is left with the product's code and tells what it found. A
folder lives through one to three points, so recovery from a recovered state is tried too.

**A writer** is a module ``tests/rig/writers/NAME.py`` with two verbs and ``if __name__ ==
"__main__": run(work, check)`` (:mod:`tests.rig.contract`):

``python -m tests.rig.writers.NAME work FOLDER SEED``
    Opens or recovers what FOLDER holds (empty, or left by an earlier life) through the product's
    code, then works until killed, under load (several threads, workers or processes). After each
    acknowledgement it prints ``ack ID``, in one write (:func:`tests.rig.contract.ack`). SEED
    differs at each life and is part of each ID, so that no ID is used twice: ``"{seed}-{n}"``.
    Choose small segments and batches so that rotations and renames are frequent.
    Its processes stay in its process group and die with it (the rig kills the whole group).
``python -m tests.rig.writers.NAME check FOLDER``
    Opens what FOLDER holds as the product does at start, recovers, and prints one JSON object
    ``{"ID": times_present}`` of all that is found (``{}`` when there is nothing), then ends within
    seconds with status 0. Any other status counts every acknowledgement of the folder as lost.

Lost = acknowledged and absent. Twice = present more than once. IDs present without having been
acknowledged are no fault.

**The mutant** (``--mutant``) runs the same campaign with ``os.fsync`` and ``os.fdatasync`` made
empty in every Python process of the writer (:mod:`tests.rig.without_fsync`); it must lose. A writer
on SQLite also calls :func:`tests.rig.contract.mutant` and, when True, sets ``PRAGMA
synchronous=OFF`` on its connections: this is the rig's business and never the product's.
"""

from tests.rig.campaign import main

__all__ = ["main"]
