"""Ward kits: one encrypted file per ward that a browser opens with nothing else left.

A kit is one HTML file: cover in clear (ward, number, hour of making), everything else in an age
envelope that one code opens, with the ward's PDF inside. It opens from the disk or a key, without a
server, without an install, and its policy lets no request out; ``open_kit`` reads the same file.
What is published was guarded: a census that fell, a section that vanished or a silent feed leaves
the last good kit in place, which says its age.

Limits. A code opens every kit of its window, and burning it does not close copies already made. The
signature says who made a kit only to whoever compares the card's fingerprint; the kit's own script
cannot vouch for itself. A stolen workstation sees what is on its screen; a PDF once saved is clear.
The guard compares with the last kit, so a slow poisoning passes. See docs/kits.md.
"""

from releve.care.kit.freezing import Frozen, Thawed, freeze, frozen, thaw, thawed
from releve.care.kit.opening import Opened, open_kit, read_kit
from releve.care.kit.publication import (
    Failed,
    Names,
    Published,
    Refused,
    build_kit,
    publish,
    renew,
)
from releve.care.kit.rounds import PERIOD, Sheets, names_of, publish_all
from releve.care.kit.shelf import Held, Shelf, kit_path, published_path, read_shelf, wards_with_kits
from releve.care.kit.signature import KitKey, fingerprint, verify_kit
from releve.care.kit.windows import Window, ensure_window, window_of

__all__ = [
    "PERIOD",
    "Failed",
    "Frozen",
    "Held",
    "KitKey",
    "Names",
    "Opened",
    "Published",
    "Refused",
    "Sheets",
    "Shelf",
    "Thawed",
    "Window",
    "build_kit",
    "ensure_window",
    "fingerprint",
    "freeze",
    "frozen",
    "kit_path",
    "names_of",
    "open_kit",
    "publish",
    "publish_all",
    "published_path",
    "read_kit",
    "read_shelf",
    "renew",
    "thaw",
    "thawed",
    "verify_kit",
    "wards_with_kits",
    "window_of",
]
