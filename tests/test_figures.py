"""`depthnets figures`: the manifest, the comparison with committed numbers, and what may replace them."""

import json
import sys
from dataclasses import replace
from types import ModuleType
from unittest.mock import ANY

import pytest
import torch
from matplotlib.figure import Figure

from depthnet_lib import paper
from depthnet_lib.cli import main
from depthnet_lib.config import FIGURES, WEIGHTS
from depthnet_lib.errors import InputError
from depthnet_lib.models import recipe_of
from depthnet_lib.paper import MANIFEST, Plate, ablation, frame, trained
from depthnet_lib.paper.compare import differences
from depthnet_lib.paper.index import name_of, write_index
from depthnet_lib.paper.readings import READINGS

from .conftest import toy_faces

COMMITTED = sorted(path.name for path in FIGURES.iterdir() if path.is_dir())


@pytest.mark.parametrize(
    "new, reference, found",
    [
        ({"a": [1.0, 2]}, {"a": [1.0, 2.001]}, []),
        ({"a": [1.0, 2]}, {"a": [1.0, 2.1]}, ["a: 2, reference 2.1"]),
        ({"a": [0.0, 100]}, {"a": [0.05, 100]}, []),  # small beside the list's largest
        ({"a": 0.0}, {"a": 0.05}, ["a: 0, reference 0.05"]),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, ["a/b: 'x', reference 'y'"]),
        ({"a": 1}, {"b": 1}, ["b: only in the reference", "a: only in the new numbers"]),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, ["a: shape (2,), reference (3,)"]),
        ({"a": [[1], [2, 3]]}, {"a": [[1], [2, 4]]}, ["a/1: 3, reference 4"]),
        ({"a": [float("nan"), 1]}, {"a": [float("nan"), 1]}, []),
        ({"a": [float("nan"), 1]}, {"a": [2.0, 1]}, ["a: nan, reference 2"]),
        ({"a": None}, {"a": None}, []),
        ({}, {}, []),
    ],
)
def test_differences(new, reference, found):
    assert list(differences(new, reference, 1e-3)) == found


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """A figure "toy" of a dictionary that the test changes, in a kit whose figures are in an empty folder."""
    module = ModuleType(f"{paper.__name__}.toy")
    module.DATA, module.numbers, module.notes = ("anny", "muct"), {"anny": [1.0, 2.0], "muct": [3.0]}, []

    def make(id, data):
        return Plate({k: v for k, v in module.numbers.items() if k in data}, Figure(), "| a |\n", list(module.notes))

    module.make = make
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(MANIFEST, "toy", ("toy", "A toy"))
    monkeypatch.setitem(READINGS, "toy", READINGS["table1"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(frame, "FIGURES", tmp_path / "figures")
    return module


def numbers(path) -> dict:
    return json.loads(path.read_text())["numbers"]


def test_the_reference_stays_until_accepted(toy, tmp_path):
    reference = tmp_path / "figures" / "toy" / "toy.json"
    assert frame.produce("toy").result == "new"
    first = reference.read_bytes()
    assert {path.suffix for path in reference.parent.iterdir()} == {".json", ".png", ".pdf", ".md"}
    toy.numbers["anny"][1] = 2.001
    assert frame.produce("toy").result == "pass"
    assert reference.read_bytes() == first
    toy.numbers["anny"][1] = 2.1
    status = frame.produce("toy")
    assert (status.result, status.reason) == ("differs", "anny: 2.1, reference 2")
    assert reference.read_bytes() == first
    assert numbers(tmp_path / "out/figures/toy/toy.json")["anny"] == [1, 2.1]
    assert frame.produce("toy", accept=True).result == "differs"
    assert frame.produce("toy").result == "pass"
    assert numbers(reference)["anny"] == [1, 2.1]


def test_absent_sets_do_not_count_and_do_not_erase(toy, tmp_path):
    frame.produce("toy")
    before = (tmp_path / "figures/toy/toy.json").read_bytes()
    del toy.numbers["muct"]
    assert frame.produce("toy").result == "differs"
    toy.notes = ["no column for muct: not on this machine (get it)"]
    status = frame.produce("toy")
    assert (status.result, status.reason) == ("pass", "without muct")
    assert (tmp_path / "figures/toy/toy.json").read_bytes() == before


def test_a_set_that_the_reference_lacks_does_not_count_either(toy, tmp_path):
    """A machine may have more data than the one that made the reference."""
    muct = toy.numbers.pop("muct")
    frame.produce("toy")
    before = (tmp_path / "figures/toy/toy.json").read_bytes()
    toy.numbers["muct"] = muct
    status = frame.produce("toy")
    assert (status.result, status.reason, status.stem.parts[0]) == ("pass", "with muct", "out")
    assert (tmp_path / "figures/toy/toy.json").read_bytes() == before
    toy.numbers["anny"][1] = 3
    assert frame.produce("toy").reason == "anny: 3, reference 2; with muct"
    assert frame.produce("toy", accept=True).stem.parts[0] != "out"
    assert numbers(tmp_path / "figures/toy/toy.json")["muct"] == muct


def test_other_data_go_to_another_folder(toy, tmp_path):
    frame.produce("toy")
    before = (tmp_path / "figures/toy/toy.json").read_bytes()
    status = frame.produce("toy", ["anny"])
    assert (status.result, status.stem.parts[0]) == ("made", "out")
    assert frame.produce("toy", ["anny"], tmp_path / "mine").stem == tmp_path / "mine/toy/toy"
    assert (tmp_path / "figures/toy/toy.json").read_bytes() == before


def test_what_cannot_be_made_is_said(toy, capsys):
    def make(id, data):
        raise InputError("muct", "not here", "get it")

    toy.make = make
    with pytest.raises(SystemExit) as end:
        main(["figures", "toy"])
    assert end.value.code == 2
    shown = capsys.readouterr()
    assert "not made" in shown.out and "muct: not here" in shown.out
    assert shown.err.count("\n") == 1


def test_the_command_shows_a_table_and_writes_the_page(toy, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(["figures", "toy"])
    assert not end.value.code
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()[:2]] == [["id", "result"], ["toy", "new"]]
    page = (tmp_path / "figures/README.md").read_text()
    assert READINGS["toy"].says in page and READINGS["toy"].paper in page and "| a |" in page


def test_list_names_data_and_weights(capsys):
    with pytest.raises(SystemExit):
        main(["figures", "--list"])
    shown = capsys.readouterr().out
    assert all(id in shown for id in MANIFEST)
    assert "data anny-images" in shown and "weights pinv pinv-gan" in shown


def test_every_figure_has_its_reading():
    assert set(MANIFEST) <= set(READINGS)
    assert name_of("figS8") == "Figure S8" and name_of("table1") == "Table 1"


def test_the_committed_page_is_up_to_date(tmp_path):
    for id in COMMITTED:
        (tmp_path / id).mkdir()
        for path in (FIGURES / id).glob("*.[jm]*"):
            (tmp_path / id / path.name).write_bytes(path.read_bytes())
    write_index(tmp_path)
    if COMMITTED:
        assert (FIGURES / "README.md").read_text() == (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("id", COMMITTED)
def test_committed_figures_are_whole(id):
    assert {".json", ".png"} <= {path.suffix for path in (FIGURES / id).iterdir()}
    record = json.loads((FIGURES / id / f"{id}.json").read_text())
    assert record["id"] == id and record["numbers"] and record["data"]


@pytest.mark.parametrize("id", COMMITTED)
def test_weights_of_committed_figures_are_here(id):
    assert [name for name in READINGS[id].weights if not (WEIGHTS / f"{name}.safetensors").is_file()] == []


def test_every_run_of_the_ablation_is_committed():
    """So that its table is drawn at once, and trains nothing."""
    known = json.loads((FIGURES / "ablation/runs.json").read_text())
    for part in (ablation.WHOLE, *ablation.PARTS):
        for seed in ablation.SEEDS:
            assert set(known[part][str(seed)]) == set(ablation.DATA), (part, seed)


def test_mean_and_worst_of_an_ablation():
    runs = [{"depthcorr": [60, 61, 62], "r": 0.9, "wrong_sign": 0.0, "identity": 0.2, "mse": 9.0},
            {"depthcorr": [58, 63, 65], "r": 0.8, "wrong_sign": 0.5, "identity": 0.4, "mse": 7.0}]  # fmt: skip
    assert ablation._cells(runs) == ["61.5 (58.0)", "0.850 (0.800)", "0.25 (0.50)", "0.30 (0.20)", "8.00 (9.00)"]


def test_a_training_that_was_killed_before_its_record_was_written_is_taken_up(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path))
    monkeypatch.setattr(trained, "recipe_of", lambda name: replace(recipe_of(name), epochs=1, batch_size=16))
    monkeypatch.setattr(trained, "load", lambda name: toy_faces(96))
    model = trained.trained("pinv", "toy")
    record = tmp_path / "trained" / "pinv-toy-all" / "weights.json"
    wanted = json.loads(record.read_text())
    record.unlink()
    again = trained.trained("pinv", "toy")
    assert json.loads(record.read_text()) == wanted | {"seconds": ANY}
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
