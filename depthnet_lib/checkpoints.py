"""Tensors and JSON on disk: no pickle, written whole or not at all."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from .errors import InputError
from .files import write_bytes

LARGE = 1 << 20  # entries from which on `compact` stores a matrix as int8
SCALE = ":scale"


def save_tensors(path: Path, tensors: dict[str, Tensor], header: dict) -> None:
    """Write tensors as safetensors with a JSON header (any plain values)."""
    plain = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    write_bytes(path, save(plain, {"header": json.dumps(header)}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Read what `save_tensors` wrote: tensors and header."""
    if not path.is_file():
        raise InputError(path, "no such file", "train the model first (depthnets train --help)")
    try:
        with safe_open(str(path), "pt") as file:
            header = json.loads((file.metadata() or {})["header"])
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (not a dictionary)
    except (SafetensorError, OSError, KeyError, ValueError, RecursionError) as error:
        raise InputError(path, f"not weights of this kit ({error})", "train the model again") from None
    if not isinstance(header, dict) or not all(t.isfinite().all() for t in tensors.values()):
        raise InputError(path, "damaged weights (a value that is none)", "train the model again")
    return tensors, header


def compact(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """`half`, and matrices of a million numbers or more as int8 with a float32 scale for each row (NAME:scale).

    They are the dense layers behind convolutions: 36 MB of float16, more than the kit commits in one file.
    """
    packed = half(tensors)
    for name, matrix in tensors.items():
        if matrix.ndim == 2 and matrix.numel() >= LARGE:
            scale = matrix.abs().amax(1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny) / 127
            packed |= {name: (matrix / scale).round().to(torch.int8), name + SCALE: scale}
    return packed


def expand(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `compact` packed, as float32."""
    plain = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
    scales = {k.removesuffix(SCALE): plain.pop(k) for k in tensors if k.endswith(SCALE)}
    return plain | {k: plain[k].float() * scale for k, scale in scales.items()}


def half(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Floating-point tensors as float16, for weights that are committed."""
    return {k: v.to(torch.float16) if v.is_floating_point() else v for k, v in tensors.items()}
