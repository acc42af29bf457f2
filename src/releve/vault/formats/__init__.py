"""Validators: is this content whole, and is it still what it was?

Promise: the kind is decided on the octets, never on the name; each validator reads deep enough to
meet a checksum, a grammar or the version before, wherever in the file the damage lies.

Limits: contents over 128 MiB, over 384 MiB once unpacked, or of a kind without a validator are said
to be so, never guessed. Archives 7z and rar are read by their header only.

What is read here is hostile. These modules import nothing else of Relève, and the product runs them
only in the process that ``worker`` confines.
"""

from releve.vault.formats.examine import examine, read
from releve.vault.formats.reading import KIND_NAMES, MAX_FILE, Examination, Reading, State

__all__ = ["KIND_NAMES", "MAX_FILE", "Examination", "Reading", "State", "examine", "read"]
