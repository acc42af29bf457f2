"""Traces of an overwrite in place, for contents that carry no checksum of their own.

Raw samples (DICOM pixels, BMP, WAV) accept any octet, so their damage shows only beside the version
before: octets that changed together, now spread evenly over all 256 values where they were not, or
tied to the old ones by a short repeated key. A compressed stream that was encoded again differs up
to its end; one that was overwritten finds its old octets again, at the same place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]

#: Fewer changed octets than this say nothing.
_MIN_CHANGED = 96
_WINDOW = 12
_MAX_KEY = 64
_LEFT_OUT = 16
#: The masks that turn samples of 9 to 16 bits into their negative.
_NEGATIVES = {0, 0xFF, *((1 << bits) - 1 for bits in range(1, 8))}
#: Of a larger content, this many slices of this size, evenly spread, are looked at.
_SLICES = 32
_SLICE = 256 * 1024
#: A footer or trailer an attacker appends.
MAX_TRAILER = 4096


def scrambled(before: bytes, after: bytes) -> bool:
    """True when octets changed in place into noise, or by a short repeated XOR key.

    A change to one constant, its inverse or its sign bit (a mask, a negative, signed samples) is an
    edit and is not scrambling.
    """
    if not 0 <= len(after) - len(before) <= MAX_TRAILER:
        return False
    old, new = _changed_together(*_looked_at(before, after))
    if old.size < _MIN_CHANGED:
        return False
    if _even(new, old) and not _even(old, new):
        return True
    varied = min(np.unique(old).size, np.unique(new).size) >= 8
    return varied and _keyed(old, new)


def overwritten_stream(before: bytes, after: bytes) -> bool:
    """True when a compressed stream differs but finds its old octets again further on."""
    if len(before) != len(after):
        return False
    old, new = _looked_at(before, after)
    different = np.flatnonzero(old != new)
    if different.size < 8:
        return False
    after_first = old.size - int(different[0])
    equal_again = after_first - different.size
    gaps = np.diff(different)
    longest = int(gaps.max()) if gaps.size else 0
    tail = old.size - 1 - int(different[-1])
    # By chance one octet of 256 is equal and runs of 16 never happen.
    return max(longest, tail - 2) > 16 and equal_again > 16


def _looked_at(before: bytes, after: bytes) -> tuple[Octets, Octets]:
    """Both versions over the older one's length, or the same slices of them when they are large."""
    size = len(before)
    old, new = np.frombuffer(before, np.uint8), np.frombuffer(after, np.uint8)[:size]
    if size <= _SLICES * _SLICE:
        return old, new
    starts = [index * (size - _SLICE) // (_SLICES - 1) for index in range(_SLICES)]
    return (
        np.concatenate([old[start : start + _SLICE] for start in starts]),
        np.concatenate([new[start : start + _SLICE] for start in starts]),
    )


def _changed_together(old: Octets, new: Octets) -> tuple[Octets, Octets]:
    """The octets of both versions inside runs where nearly all of 12 neighbours changed."""
    if old.size <= _WINDOW:
        return old[:0], new[:0]
    changed = old != new
    total = np.concatenate(([0], np.cumsum(changed, dtype=np.int64)))
    full = (total[_WINDOW:] - total[:-_WINDOW]) >= _WINDOW - 2
    marks = np.zeros(old.size + 1, dtype=np.int64)
    starts = np.flatnonzero(full)
    np.add.at(marks, starts, 1)
    np.add.at(marks, starts + _WINDOW, -1)
    inside = changed & (np.cumsum(marks)[: old.size] > 0)
    return old[inside], new[inside]


def _even(sample: Octets, other: Octets) -> bool:
    """Chi-square against the uniform law, five deviations; coarser when there is little.

    Only octets that changed are here, so the values frequent in the other version are rarer than
    chance: the 16 most frequent are left out.
    """
    shift = 0 if sample.size >= 2560 else 4
    bins = 256 >> shift
    counts = np.bincount(sample >> shift, minlength=bins).astype(np.float64)
    if not shift:
        bins -= _LEFT_OUT
        counts = counts[np.argsort(np.bincount(other, minlength=256))[:bins]]
    expected = float(counts.sum()) / bins
    if not expected:
        return False
    chi = float(((counts - expected) ** 2).sum() / expected)
    freedom = bins - 1
    return bool(chi < freedom + 5 * (2 * freedom) ** 0.5)


def _keyed(old: Octets, new: Octets) -> bool:
    """True when the XOR of both versions is a key of at most 64 octets, repeated.

    A table applied to flat samples repeats too: with a key, each place of the period has one mask
    whatever the old value, with a table the mask follows the value.
    """
    sample = old[: 1 << 16] ^ new[: 1 << 16]
    masks = set(np.unique(sample).tolist())
    if masks <= {0, 0x80, 0xFF} or (0xFF in masks and masks <= _NEGATIVES):
        return False
    for period in range(1, _MAX_KEY + 1):
        if float(np.mean(sample[period:] == sample[:-period])) > 0.95:
            return _one_mask_per_place(old[: 1 << 16], sample, period)
    return False


def _one_mask_per_place(old: Octets, mask: Octets, period: int) -> bool:
    place = np.arange(mask.size, dtype=np.int64) % period
    seen = np.unique((place << 16) | (old.astype(np.int64) << 8) | mask)
    if seen.size < 2 * period + 6:
        return False
    commonest = sum(
        int(np.bincount(seen[seen >> 16 == number] & 0xFF).max()) for number in range(period)
    )
    return commonest > 0.9 * seen.size
