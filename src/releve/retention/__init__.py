"""Keeping no longer than was decided, and destroying what is past its term.

Every path and table of a home belongs to a store that says what it holds, why, how long, under
which key and how it ends (``retention.toml``; a test walks a lived-in home). A duration counts once
a named person signed its line; ending something sooner, and purging, take two people.

A purge destroys the keys of months: journal and copies stay whole and say nothing any more; views
and kits are made again, salts destroyed, technical logs emptied, copies elsewhere recalled. The
ledger verifies as before.

Limits. What was copied out of the home is only asked back. A copy of the months' keys makes a purge
a fiction, and the program cannot know. Only whole months end: one patient alone does not. The vault
deletes nothing. See docs/retention.md.
"""

from releve.retention.expiry import Due, Entry, due_entries, due_months
from releve.retention.purging import Counts, Plan, World, purge
from releve.retention.reading import read_rules, shipped
from releve.retention.signing import Signer, check_alone, proposed, sign
from releve.retention.stores import Destruction, Rules, Store, duration_words, signature_words

__all__ = [
    "Counts",
    "Destruction",
    "Due",
    "Entry",
    "Plan",
    "Rules",
    "Signer",
    "Store",
    "World",
    "check_alone",
    "due_entries",
    "due_months",
    "duration_words",
    "proposed",
    "purge",
    "read_rules",
    "shipped",
    "sign",
    "signature_words",
]
