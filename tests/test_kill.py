"""Killed at random moments and begun again: the same results (kill_harness.py has every job and many more kills)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks")
def test_whatever_is_killed_goes_on_to_the_same_results():
    line = [sys.executable, "-m", "tests.kill_harness", "--kills", "3", "depth", "rcn", "repair", "download", "figure"]
    ended = subprocess.run(line, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count(" ok ") == 5
