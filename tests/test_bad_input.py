"""The catalogue of bad inputs: exit code 2 and one line that names the file, or it works; nothing is half-written."""

import os
from pathlib import Path

import pytest

from depthnet_lib.cli import main
from depthnet_lib.errors import InputError

from .bad_inputs import CASES, WORKS


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".lock")}


@pytest.mark.parametrize("name", CASES)
def test_it_works_or_ends_in_one_line(name, tmp_path, monkeypatch, capsys):
    case = CASES[name]
    for file, content in case.files.items():
        path = tmp_path / file
        try:
            os.fsencode(path)
        except UnicodeError:
            pytest.skip("no such letters in names of files here")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content) if isinstance(content, bytes) else content(path)
    words = [w[1:].replace("·", " ") if w.startswith("@") else w for w in case.words.split(" ")]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path / "home"))
    (tmp_path / "out.png").write_bytes(b"what was there before")
    before = snapshot(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(words)
    _, err = capsys.readouterr()
    if case.verdict == WORKS:
        assert not end.value.code, err
        assert snapshot(tmp_path) != before or "300w" in case.words
        return
    assert end.value.code == 2, err
    assert err.startswith("depthnets: ") and err.count("\n") == 1, err
    assert all(part in err for part in (*case.verdict.split("|"), "; ")), err
    assert snapshot(tmp_path) == before


def test_the_catalogue_is_large():
    assert len(CASES) >= 100


def test_an_error_is_one_line_whatever_it_names():
    error = InputError("a\nb.txt", "is\ttwo\r\nlines", "rename\x1b[31m it")
    assert str(error).isprintable() and "a" in str(error) and "b.txt" in str(error)
