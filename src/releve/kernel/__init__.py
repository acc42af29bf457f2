"""Words everyone uses: clock, ids, perimeter path, errors, units, homes and worlds.

Standard library only, no other room imported. Nothing here knows about hospitals' files, backups or
pages: a word comes here only when several rooms must mean the same thing by it.

A *home* is one folder that holds all state; it is born ``real`` or ``drill`` and stays so.
A thing that acts outside the home is an :class:`~releve.kernel.outward.Outward` and demands a
``World``.
"""
