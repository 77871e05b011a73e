"""One public file to a folder: checked by sha256, and resumed where an interrupted download stopped."""

import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pooch
from tqdm import tqdm

from ..errors import InputError


def download(url: str, folder: Path, sha256: str | None = None) -> Path:
    """Fetch ``url`` into ``folder`` and return its path; a file that is there already is only checked.

    Raises InputError where the connection fails (what came so far is kept as NAME.part and continued next time) or
    where the file is not the one with that sha256.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = PurePosixPath(urlsplit(url).path).name
    part = folder / (name + ".part")
    try:
        return Path(pooch.retrieve(url, sha256, name, folder, downloader=lambda u, out, _: _resume(u, part, Path(out))))
    except (OSError, urllib.error.URLError) as error:
        raise InputError(url, f"download failed ({error})", "repeat the command: it goes on where it stopped") from None
    except ValueError as error:  # pooch: another sha256
        raise InputError(url, " ".join(str(error).split()), "fetch it by hand and give it with --from") from None


def _resume(url: str, part: Path, out: Path) -> None:
    """What pooch calls to download: appends to ``part``, moves it to ``out`` when it is whole."""
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # 416: nothing lies beyond what is here, so it is not this file: begin again
            raise
        part.unlink()
        return _resume(url, part, out)
    with answer:
        if answer.status != 206:  # the server begins again at the first byte
            done = 0
        rest = answer.headers.get("Content-Length")
        total = done + int(rest) if rest else None
        bar = tqdm(total=total, initial=done, unit="B", unit_scale=True)
        with bar, open(part, "ab" if done else "wb") as file:
            while block := answer.read(1 << 16):
                file.write(block)
                bar.update(len(block))
    if total is not None and part.stat().st_size != total:
        raise OSError(f"{part.stat().st_size:,} of {total:,} bytes arrived")
    part.replace(out)
