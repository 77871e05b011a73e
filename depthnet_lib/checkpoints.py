"""Tensors and JSON on disk: no pickle, written whole or not at all."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from .errors import InputError
from .files import write_bytes, write_json  # noqa: F401 - their old place, until all call them in files


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


def half(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Floating-point tensors as float16, for weights that are committed."""
    return {k: v.to(torch.float16) if v.is_floating_point() else v for k, v in tensors.items()}
