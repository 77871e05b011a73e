"""Where things are: folders of the clone and the user's cache."""

import os
from pathlib import Path

import pooch

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "weights"
FIGURES = ROOT / "figures"


def data_dir() -> Path:
    """Folder of downloaded and built data sets: $DEPTHNETS_DATA, else the user's cache folder."""
    return Path(os.environ.get("DEPTHNETS_DATA") or pooch.os_cache("depthnets"))
