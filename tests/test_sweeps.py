"""Figures 1 and S2 to S5: who is in them, and that nobody was trained on."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from depthnet_lib.datasets import load
from depthnet_lib.datasets.anny import TEST_PEOPLE
from depthnet_lib.errors import InputError
from depthnet_lib.paper import sweeps
from depthnet_lib.paper.architecture import draw_architecture

from .warp_cases import needs_opengl


def test_people_are_held_out_and_rows_are_as_in_the_paper():
    people = {person for rows in sweeps.ROWS.values() for row in rows for person in (row.source, row.target)}
    assert min(people) >= 0 and max(people) < TEST_PEOPLE
    assert not {sweeps.TRAIN_PEOPLE + person for person in people} & set(load("anny:train").identity)
    assert all(row.yaw == 0 for id in ("fig1", "figS2", "figS3") for row in sweeps.ROWS[id])
    assert all(row.yaw != 0 for row in sweeps.ROWS["figS4"])
    assert all(row.source == row.target for row in sweeps.ROWS["figS5"])


def test_other_data_are_refused():
    with pytest.raises(InputError, match="muct"):
        sweeps.make("fig1", ("muct",))


def test_the_network_is_drawn():
    axes = Figure().subplots()
    draw_architecture(axes)
    words = " ".join(text.get_text() for text in axes.texts)
    assert "FC 2048" in words and "C 32, 4x4" in words and "affine" in words


@needs_opengl
def test_a_sweep_lands_and_depth_shows_the_truth(monkeypatch):
    monkeypatch.setitem(sweeps.ROWS, "figS5", [sweeps.Row(21, 0, 21)])
    monkeypatch.setattr(sweeps, "YAWS", (-17, 0))
    (row,) = sweeps.make("figS5", ("anny",)).numbers["rows"]
    assert row["distance"][1] < 0.01 and row["distance"][0] < 3  # pixels; the source's own pose is exact
    assert row["gt"]["ssim"][1] > 0.999 > row["gt"]["ssim"][0] > 0.5
    assert np.isfinite(row["pinv"]["psnr"]).all()
