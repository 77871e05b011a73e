"""Tensors and JSON on disk: no pickle, written whole or not at all."""

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from .errors import InputError


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside the name, then rename: a reader, or a kill in between, sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise InputError(path, f"cannot be written ({error.strerror})", "free space or choose another folder") from None
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, value: dict) -> None:
    """Write a dictionary as indented JSON."""
    write_bytes(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


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
            return {k: file.get_tensor(k) for k in file.keys()}, header  # noqa: SIM118 (not a dictionary)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise InputError(path, f"not weights of this kit ({error})", "train the model again") from None


def half(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Floating-point tensors as float16, for weights that are committed."""
    return {k: v.to(torch.float16) if v.is_floating_point() else v for k, v in tensors.items()}
