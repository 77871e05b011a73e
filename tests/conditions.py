"""The tests on other machines: without network, OpenGL, home or UTF-8, in another time zone, path, or on one core.

    python -m tests.conditions                    a quick choice of tests under every condition
    python -m tests.conditions offline --tests tests   all tests under one

What a machine cannot take away (a network without Linux' namespaces, a core without taskset) is skipped and said.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUICK = ["test_cli.py", "test_bad_input.py", "test_keypoints_files.py", "test_datasets_sources.py", "test_warp.py"]
# A network with nothing but the loopback device, which is down at first.
_LOOPBACK = """import fcntl, os, socket, struct, sys
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 1))
os.execv(sys.argv[1], sys.argv[1:])"""

# name -> (what comes before the command, what the environment gets, None: what it loses)
CONDITIONS: dict[str, tuple[list[str], dict[str, str | None]]] = {
    "offline": (["unshare", "-rn", sys.executable, "-c", _LOOPBACK], {}),
    "LANG=C": ([], {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "time zone": ([], {"TZ": "Pacific/Chatham"}),
    "path": ([], {}),
    "no home": ([], {"HOME": "/proc/none", "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None, "MPLCONFIGDIR": None}),
    "one core": (["taskset", "-c", "0"], {}),
    "no OpenGL": ([], {"__EGL_VENDOR_LIBRARY_DIRS": "/proc/none", "__EGL_VENDOR_LIBRARY_FILENAMES": "/proc/none"}),
}


def odd_copy(folder: Path) -> Path:
    """The project where blanks and letters of all kinds are in the path, as git knows it."""
    there = folder / "Übung mit Leerzeichen 顔 $x" / "the kit"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, there / name)
    return there


def run(name: str, tests: list[str], folder: Path) -> tuple[str, str]:
    """(pytest's last line, its output) of the tests under a condition."""
    before, changes = CONDITIONS[name]
    if before and subprocess.run([*before, sys.executable, "-c", ""], capture_output=True).returncode:
        return f"skipped: not with this machine's {before[0]}", ""
    root = odd_copy(folder) if name == "path" else ROOT
    environment = {k: v for k, v in (os.environ | {"PYTHONPATH": str(root)} | changes).items() if v is not None}
    environment |= {"TMPDIR": str(root.parent)} if name == "path" else {}
    line = [*before, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests]
    ended = subprocess.run(line, cwd=root, env=environment, capture_output=True, text=True, errors="replace")
    lines = ended.stdout.strip().splitlines() or [ended.stderr.strip()[-200:]]
    return ("ok   " if ended.returncode == 0 else "FAILED ") + lines[-1], ended.stdout + ended.stderr


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("conditions", nargs="*", metavar="CONDITION", help=f"of: {', '.join(CONDITIONS)}; default: all")
    parser.add_argument("--tests", nargs="+", default=[f"tests/{name}" for name in QUICK], help="for pytest")
    given = parser.parse_args()
    if unknown := set(given.conditions) - set(CONDITIONS):
        parser.error(f"unknown: {', '.join(unknown)}")
    failed = []
    for name in given.conditions or CONDITIONS:
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            last, output = run(name, given.tests, Path(folder))
        print(f"{name:10s} {last}  ({time.monotonic() - started:.0f} s)", flush=True)
        if last.startswith("FAILED"):
            failed.append(name)
            print(output[-6000:], flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
