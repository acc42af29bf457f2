"""Uncompressed pictures: neighbouring samples resemble each other, those of a ciphered one do not.

Sees what octet counts cannot: noise kept within the bits in use, swapped octets, values replaced
through a table, blocks put in another order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Neighbour differences as a share of those between samples taken anywhere: 1 is noise.
_PICTURE, _NOISE = 0.6, 0.5
#: A picture smoother than the first that is now rougher than the second, that many times.
_SMOOTH, _ROUGH, _TIMES = 0.25, 0.3, 4
#: The same samples in another order make only the joints rough; turning a picture does not.
_BROKEN_ORDER = 1.5
#: Share of samples over the bits in use, where there were none.
_OVER = 0.5
_MIN_TABLE = 48
_MAX_SAMPLES = 8 << 20
_PAIRS = 1 << 16
_TYPES = {(8, 0): "u1", (8, 1): "i1", (16, 0): "<u2", (16, 1): "<i2"}

Samples = NDArray[np.int32]


@dataclass(frozen=True)
class Geometry:
    """How pixel data is laid out; ``colours`` are interleaved samples of one pixel."""

    rows: int
    columns: int
    colours: int
    bits: int
    stored: int
    signed: int
    #: Photometric interpretation: what the values mean.
    meaning: str


def disordered(before: bytes, after: bytes, geometry: Geometry) -> bool:
    """True when ``after``, laid out like ``before``, is no longer a picture."""
    if (geometry.bits, geometry.signed) not in _TYPES or _too_small(geometry):
        return False
    old, new = (_frames(data, geometry) for data in (before, after))
    if not old.size or old.shape != new.shape:
        return False
    if not _over(old, geometry) and _over(new, geometry) > _OVER:
        return True
    if geometry.bits == 16 and _by_table(old & 0xFF, new & 0xFF):
        return True
    _, old_most = _roughness(old, geometry.colours)
    new_least, new_most = _roughness(new, geometry.colours)
    if old_most > _PICTURE:
        return False
    if new_least > _NOISE or (old_most < _SMOOTH and new_least > max(_ROUGH, _TIMES * old_most)):
        return True
    if new_most < _BROKEN_ORDER * max(old_most, 0.01):
        return False
    return bool(np.array_equal(np.sort(old, axis=None), np.sort(new, axis=None)))


def _too_small(geometry: Geometry) -> bool:
    return min(geometry.rows, geometry.columns, 16 * geometry.colours) < 16


def _by_table(old: Samples, new: Samples) -> bool:
    """True when each low octet became one other, in no order: a curve keeps values in order, and a
    computation on whole samples carries.
    """
    pairs = np.flatnonzero(np.bincount(((old << 8) | new).reshape(-1), minlength=1 << 16))
    before, now = pairs >> 8, pairs & 0xFF
    if pairs.size < _MIN_TABLE or np.unique(before).size + np.unique(now).size < 2 * pairs.size:
        return False
    upward = float(np.mean((np.diff(now) & 0xFF) < 128))
    return 0.25 < upward < 0.75


def _over(samples: Samples, geometry: Geometry) -> float:
    """The share of samples that do not fit in the bits stored (PS3.5 §8.1.1)."""
    reach = 1 << min(16, max(0, geometry.stored - geometry.signed))
    least = -reach if geometry.signed else 0
    return float(np.mean((samples < least) | (samples >= reach)))


def _frames(data: bytes, geometry: Geometry) -> Samples:
    """(frame, row, sample): as many frames, evenly spread, as memory allows, or the top of one."""
    width = geometry.columns * geometry.colours
    kind = np.dtype(_TYPES[geometry.bits, geometry.signed])
    size = geometry.rows * width
    count = len(data) // (size * kind.itemsize)
    flat = np.frombuffer(data, kind, count * size).reshape(count, geometry.rows, width)
    room = max(1, _MAX_SAMPLES // size)
    return flat[:: -(-count // room) or 1, : max(2, _MAX_SAMPLES // width)].astype(np.int32)


def _roughness(samples: Samples, colours: int) -> tuple[float, float]:
    """Mean difference of neighbours over that of samples taken anywhere: of the directions across
    and down, the smoother then the rougher.
    """
    draw = np.random.default_rng(1)
    flat = samples.reshape(-1)
    one, other = (flat[draw.integers(0, flat.size, _PAIRS)] for _ in range(2))
    spread = float(np.abs(one - other).mean())
    if not spread:
        return 0.0, 0.0
    across = np.abs(samples[:, :, colours:] - samples[:, :, :-colours]).mean()
    down = np.abs(samples[:, 1:] - samples[:, :-1]).mean()
    least, most = sorted((float(across), float(down)))
    return least / spread, most / spread
