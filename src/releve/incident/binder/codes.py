"""The DataMatrix of a form: which home, which ward, which form, which number.

``RLV1|<first 8 of the home's id>|<ward>|<form>|<number>``: after the crisis a scanned pile sorts
itself, and a form of another hospital, ward or copy is told at once. Nothing of a patient is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

VERSION = "RLV1"
_HOME_LETTERS = 8


@dataclass(frozen=True)
class Form:
    """What a DataMatrix says."""

    home: str
    ward: str
    form: str
    number: str

    @property
    def payload(self) -> str:
        """The text that is encoded; ASCII."""
        return "|".join((VERSION, self.home[:_HOME_LETTERS], self.ward, self.form, self.number))


def read_payload(text: str) -> Form | None:
    """What a scanned text says; None when it is not ours."""
    parts = text.split("|")
    if len(parts) != 5 or parts[0] != VERSION or not all(parts):
        return None
    return Form(*parts[1:])


@lru_cache(maxsize=4096)
def drawn(payload: str) -> tuple[str, int, int]:
    """The matrix as SVG (its quiet zone included), its width and height in modules."""
    import numpy as np
    import zxingcpp

    made = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.DataMatrix)
    image = zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=True)
    rows = np.asarray(image) == 0
    tall, wide = rows.shape
    runs = []
    for y in range(tall):
        x = 0
        while x < wide:
            if not rows[y, x]:
                x += 1
                continue
            start = x
            while x < wide and rows[y, x]:
                x += 1
            runs.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" width="{wide}"'
        f' height="{tall}"><path fill="#000" d="{"".join(runs)}"/></svg>'
    )
    return svg, wide, tall
