"""Reading hostile files in a throw-away process: no network, no folders, no keys, little memory.

A package of parsers holds a module ``worker`` whose ``serve(descriptor, limits)`` calls
:func:`~.serving.serve`; :class:`~.process.Confined` is the parent's side. The process is given open
files, never a path; it imports nothing of Relève but its own package and this one, and what it
answers is to be checked like any other hostile bytes.

Limits. Linux only; a barrier that the kernel refuses is named and the others stay. The
interpreter's own libraries and random numbers stay readable, processor time and memory are bounded.
"""
