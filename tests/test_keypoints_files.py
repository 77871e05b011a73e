"""Keypoint, depth and affine files: known texts, round trips, bad files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from depthnet_lib.errors import InputError
from depthnet_lib.keypoints import read_affine, read_depth, read_points, write_affine, write_depth, write_points

SQUARE = np.array([[0, 0], [10.5, 0], [10.5, 8], [-1, 8.25]])
SUFFIXES = (".txt", ".pts", ".csv", ".json")
KNOWN = {
    "blank.txt": "0 0\n10.5 0\n10.5\t8\n-1   8.25\n\n",
    "windows.txt": "\ufeff0 0\r\n10.5 0\r\n10.5 8\r\n-1 8.25\r\n",
    "matlab.pts": "version: 1\nn_points: 4\n{\n1 1\n11.5 1\n11.5 9\n0 9.25\n}\n",
    "names.csv": "x, y\n0, 0\n10.5, 0\n10.5, 8\n-1, 8.25\n",
    "plain.csv": "0,0\n10.5,0\n10.5,8\n-1,8.25",
    "list.json": "[[0, 0], [10.5, 0], [10.5, 8], [-1, 8.25]]",
    "object.json": '{"points": [[0, 0], [10.5, 0], [10.5, 8], [-1, 8.25]]}',
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_texts_give_the_same_points(tmp_path, name):
    (tmp_path / name).write_text(KNOWN[name], encoding="utf-8", newline="")
    np.testing.assert_array_equal(read_points(tmp_path / name, 4), SQUARE)


FACES = arrays(np.float64, st.tuples(st.integers(4, 80), st.just(2)), elements=st.floats(-1e5, 1e5))


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(FACES.filter(lambda points: np.ptp(points.round(3), 0).any()))  # not all in one place
def test_points_survive_a_file(tmp_path_factory, suffix, points):
    path = tmp_path_factory.mktemp("kp") / ("face" + suffix)
    write_points(path, points)
    np.testing.assert_allclose(read_points(path), points, rtol=1e-8, atol=1e-8)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_depth_and_affine_survive_a_file(tmp_path):
    rng = np.random.default_rng(0)
    depth, m = rng.normal(size=68), rng.normal(size=(2, 4)) * 1e3
    write_depth(tmp_path / "d.txt", depth)
    write_affine(tmp_path / "m.txt", m)
    np.testing.assert_allclose(read_depth(tmp_path / "d.txt", 68), depth, rtol=1e-8)
    np.testing.assert_allclose(read_affine(tmp_path / "m.txt"), m, rtol=1e-8)
    assert (tmp_path / "m.txt").read_text().count("\n") == 2


GOOD = "1 2\n3 4\n5 6\n7 8\n"
BAD_POINTS = {
    "empty.txt": "",
    "three.txt": "1 2\n3 4\n5 6\n",
    "nan.txt": GOOD + "nan 1\n",
    "inf.txt": GOOD + "1 -inf\n",
    "word.txt": GOOD + "nose 1\n",
    "semicolon.txt": "1;2\n3;4\n5;6\n7;8\n",
    "one_column.txt": "1\n2\n3\n4\n",
    "three_columns.txt": "1 2 3\n" * 4,
    "underscore.txt": GOOD + "1_0 2\n",
    "semicolon.csv": "1;2\n" * 4,
    "hole.csv": "1,2\n3,\n5,6\n7,8\n",
    "names_only.csv": "x,y\n",
    "no_braces.pts": GOOD,
    "cut.pts": "version: 1\nn_points: 4\n{\n1 2\n3 4\n",
    "short.pts": "version: 1\nn_points: 5\n{\n" + GOOD + "}\n",
    "broken.json": "[[1, 2], [3",
    "other.json": '{"faces": []}',
    "text.json": '[["1", "two"], [1, 2], [1, 2], [1, 2]]',
    "deep.json": "[[[1], 2], [1, 2], [1, 2], [1, 2]]",
    "true.json": "[[true, 2], [1, 2], [1, 2], [1, 2]]",
    "nan.json": "[[NaN, 2], [1, 2], [1, 2], [1, 2]]",
    "huge.json": "[[1e999, 2], [1, 2], [1, 2], [1, 2]]",
    "points.xml": GOOD,
}


@pytest.mark.parametrize("name", BAD_POINTS)
def test_bad_points_are_one_clear_line(tmp_path, name):
    (tmp_path / name).write_text(BAD_POINTS[name])
    with pytest.raises(InputError) as error:
        read_points(tmp_path / name)
    assert name in str(error.value) and "\n" not in str(error.value)


@given(st.binary(max_size=60), st.sampled_from(SUFFIXES))
def test_any_bytes_are_points_or_an_input_error(tmp_path_factory, content, suffix):
    path = tmp_path_factory.mktemp("kp") / ("face" + suffix)
    path.write_bytes(content)
    try:
        assert np.isfinite(read_points(path)).all()
    except InputError as error:
        assert "\n" not in str(error)


def test_wrong_counts_name_both_numbers(tmp_path):
    (tmp_path / "a.txt").write_text(GOOD)
    with pytest.raises(InputError, match="4 points where 68 were expected"):
        read_points(tmp_path / "a.txt", 68)
    with pytest.raises(InputError, match="row 1 is '1 2' where one number"):
        read_depth(tmp_path / "a.txt")
    with pytest.raises(InputError, match="where 4 numbers were expected"):
        read_affine(tmp_path / "a.txt")
    (tmp_path / "m.txt").write_text("1 2 3 4\n")
    with pytest.raises(InputError, match="1 lines where 2"):
        read_affine(tmp_path / "m.txt")


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "no.txt", tmp_path):
        with pytest.raises(InputError):
            read_points(path)
    with pytest.raises(InputError, match="no such file"):
        read_depth(tmp_path)
