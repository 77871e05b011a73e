"""The command line as scripts rely on it."""

import json

import pytest

from depthnet_lib.cli import COMMANDS, main
from depthnet_lib.datasets import save_npz

from .conftest import toy_faces


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return end.value.code or 0, captured.out, captured.err


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_teaches(command, capsys):
    code, out, _ = run(capsys, *command.split(), "--help")
    assert code == 0 and "Usage: depthnets" in out and len(out) > 300


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "train",
        "train pinv --data anny:train",
        "train nonsense --data anny:train --out X",
        "train pinv --data nowhere:train --out X",
        "train pinv --data anny --out X",
        "train pinv --data missing.npz --out X",
        "train pinv --data anny:train --out X --epochs 0",
        "train pinv --data anny:train --out X --epochs many",
        "train pinv --data anny:train --out X --recipe soup",
        "train pinv --data anny:train --out X --pairs some",
        "evaluate pinv --data anny:valid",
        "evaluate nonsense --data anny:test",
        "evaluate pinv --data anny:test --pairs some",
        "demo --sideways",
    ],
)
def test_bad_lines_exit_with_2_and_one_line(line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *line.split())
    assert code == 2 and out == ""
    assert err.startswith("depthnets: ") and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_evaluate_writes_the_promised_json(capsys, tmp_path):
    code, out, _ = run(capsys, "evaluate", "pinv", "--data", "anny:test", "--json", tmp_path / "f.json")
    scores = json.loads((tmp_path / "f.json").read_text())
    assert code == 0 and "DepthCorr" in out
    promised = "model data n_keypoints pairs mse mse_norm depthcorr depthcorr_all per_face_r identity_r gauge_free_r"
    assert " ".join(scores) == promised + " affine2d_mse optimum_mse seconds"
    assert scores["pairs"] == 50_400 and scores["n_keypoints"] == 68
    assert set(scores["depthcorr"]) == {"left", "front", "right"}
    assert set(scores["depthcorr"]["left"]) == {"left", "front", "right", "avg"}
    assert set(scores["per_face_r"]) == {"median", "p10", "negative_fraction"}
    assert scores["optimum_mse"] < scores["mse"]["mean"] < scores["affine2d_mse"] / 5


def test_train_then_evaluate_a_run(capsys, tmp_path):
    save_npz(toy_faces(40, n_keypoints=30), tmp_path / "toy.npz")
    data = ["--data", tmp_path / "toy.npz"]
    assert run(capsys, "train", "pinv", *data, "--out", tmp_path / "run", "--epochs", 2)[0] == 0
    record = json.loads((tmp_path / "run" / "weights.json").read_text())
    assert record["model"] == "pinv" and record["seed"] == 0 and record["versions"]["torch"]
    assert (tmp_path / "run" / "loss.png").stat().st_size > 1000
    code, out, _ = run(capsys, "evaluate", tmp_path / "run", *data)
    assert code == 0 and "30 keypoints" in out
    code, _, err = run(capsys, "evaluate", "pinv", *data)
    assert code == 2 and "30" in err
