"""Tags of patients' pages."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from releve.care.perimeters import Ward

register = template.Library()
#: Spaces that French typography puts in texts; shown as they are.
_SPACES = "\u00a0\u202f"


@register.filter
def called(ward: Ward) -> str:
    """A ward as the hospital calls it; in our words a patient without a place."""
    return received(ward.name) if ward.code else _("sans service indiqué")


@register.filter
def received(text: str) -> str:
    """A received text with nothing hidden: characters that have no drawing (controls, changes of
    direction, zero widths) are written out; line ends stay. Django escapes the rest.
    """
    return "".join(
        c if c.isprintable() or c == "\n" or c in _SPACES else f"\\u{ord(c):04x}"
        for c in text.replace("\r\n", "\n").replace("\r", "\n")
    )
