"""Whether plotted numbers agree with those that the kit has committed."""

from collections.abc import Iterator

import numpy as np


def differences(new, reference, tolerance: float, path: str = "") -> Iterator[str]:
    """One line for each place where plain values (dicts, lists, numbers, strings) differ.

    A list of numbers differs where any is further away than ``tolerance`` times the list's largest magnitude; a single
    number is a list of one.
    """
    here = path or "numbers"
    if isinstance(new, dict) and isinstance(reference, dict):
        for key in [*reference, *(key for key in new if key not in reference)]:
            if key not in new or key not in reference:
                yield f"{path}{key}: only in the {'reference' if key in reference else 'new numbers'}"
            else:
                yield from differences(new[key], reference[key], tolerance, f"{path}{key}/")
        return
    a, b = _numbers(new), _numbers(reference)
    if a is None or b is None:
        if isinstance(new, list) and isinstance(reference, list) and len(new) == len(reference):
            for i, pair in enumerate(zip(new, reference, strict=True)):
                yield from differences(*pair, tolerance, f"{path}{i}/")
        elif new != reference:
            yield f"{here.rstrip('/')}: {new!r:.40}, reference {reference!r:.40}"
    elif a.shape != b.shape:
        yield f"{here.rstrip('/')}: shape {a.shape}, reference {b.shape}"
    else:
        off = np.where(np.isnan(a) & np.isnan(b), 0, np.abs(a - b))
        if b.size and not off.max() <= tolerance * np.nanmax(np.abs(b), initial=0):
            worst = np.unravel_index(np.nanargmax(np.nan_to_num(off, nan=np.inf)), b.shape)
            yield f"{here.rstrip('/')}: {a[worst]:.6g}, reference {b[worst]:.6g}"


def _numbers(value) -> np.ndarray | None:
    """A number or a regular nest of lists of them as an array, else nothing."""
    try:
        array = np.asarray(value)
    except ValueError:  # ragged
        return None
    return array.astype(float) if array.dtype.kind in "biuf" else None
