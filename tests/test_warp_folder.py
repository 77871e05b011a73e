import os
import shutil

import numpy as np
import pytest
from PIL import Image

from depthnet_lib.cli import main
from depthnet_lib.errors import InputError
from depthnet_lib.images import read_image, write_image
from depthnet_lib.keypoints import read_affine, read_depth, read_points, write_affine, write_depth, write_points
from depthnet_lib.warp import folder as folder_module
from depthnet_lib.warp import open_backend, turn, warp
from depthnet_lib.warp.folder import warp_folder

from .warp_cases import BACKENDS, EXAMPLE, face, needs_example, needs_opengl, noise


def write_face(folder, name, image, x_s, z, m):
    write_image(folder / "source" / name, image)
    stem = name.rpartition(".")[0]
    write_points(folder / "keypoints" / f"{stem}.txt", x_s)
    write_depth(folder / "depth" / f"{stem}.txt", z)
    write_affine(folder / "affine" / f"{stem}.txt", m)


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    return end.value.code or 0


@needs_example
@pytest.mark.parametrize("backend", BACKENDS)
def test_reproduces_what_the_authors_program_drew(tmp_path, backend):
    assert run("warp", "--dataset", EXAMPLE, "--out", tmp_path, "--backend", backend) == 0
    expected = sorted((EXAMPLE / "expected_result").glob("*.png"))
    assert len(expected) == 3
    for path in expected:
        truth, ours = (np.asarray(Image.open(p)).astype(int) for p in (path, tmp_path / path.name))
        assert truth.shape == ours.shape
        difference = np.abs(truth - ours)
        assert ((truth[..., :3] > 0).any(-1) == (ours[..., :3] > 0).any(-1)).all()
        assert difference.max() <= 2
        assert difference.mean() <= 0.15


@pytest.mark.parametrize("backend", BACKENDS)
def test_corner_origin_is_half_a_pixel_from_ours(tmp_path, backend):
    """Without triangles.csv the folder gives the picture of `warp`, its coordinates shifted by half a pixel."""
    image = noise(60, 90)
    x_s, z = face(60, 90)
    m = turn(x_s, z, 20, 10)
    corner = np.column_stack([m[:, :3], m[:, 3] + 0.5 - m[:, :2] @ [0.5, 0.5]])
    write_face(tmp_path, "a.png", image, x_s + 0.5, z, corner)
    warp_folder(tmp_path, tmp_path / "out", backend)
    ours = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    expected = warp(image, x_s, z, m, backend=backend)
    assert (ours[..., 3] == 255).all()
    assert (np.abs(ours[..., :3].astype(int) - expected[..., :3]).max(-1) > 1).sum() <= 3  # text rounds coordinates


@pytest.mark.parametrize("backend", BACKENDS)
def test_triangles_csv_is_drawn_in_order_without_depth_test(tmp_path, backend):
    """Two triangles on one place; whichever comes last in the file shows, whatever its depth."""
    image = np.zeros((20, 30, 3), np.uint8)
    image[:, 15:] = 255
    dark, bright = [[1, 1], [12, 1], [1, 18]], [[16, 1], [27, 1], [16, 18]]
    x_s = np.array(dark + bright, float)
    z = np.array([0.0, 0, 0, 5, 5, 5])  # m3 = -3 lays the bright triangle over the dark one
    m = np.array([[1.0, 0, -3, 0], [0, 1, 0, 0]])
    for order, value in (([[0, 1, 2], [3, 4, 5]], 255), ([[3, 4, 5], [0, 1, 2]], 0)):
        write_face(tmp_path, "a.png", image, x_s, z, m)
        (tmp_path / "triangles.csv").write_text("\n".join(",".join(map(str, t)) for t in order))
        warp_folder(tmp_path, tmp_path / "out", backend)
        result = np.asarray(Image.open(tmp_path / "out" / "a.png"))
        assert result[4, 4, 0] == value
        assert result[19, 29].tolist() == [0, 0, 0, 255]


def test_pictures_of_all_kinds(tmp_path):
    x_s, z = face(45, 37)
    m = np.eye(2, 4)
    write_face(tmp_path, "jpeg.jpg", noise(45, 37), x_s, z, m)
    write_face(tmp_path, "two.dots.PNG", noise(45, 37), x_s, z, m)
    write_face(tmp_path, "grey.png", noise(45, 37), x_s, z, m)
    Image.fromarray(noise(45, 37)[..., 0]).save(tmp_path / "source" / "grey.png")
    (tmp_path / "source" / "Thumbs.db").write_bytes(b"not a picture")
    results = warp_folder(tmp_path, tmp_path / "out", "cpu")
    assert [p.name for p in results] == ["grey.png", "jpeg.png", "two.dots.png"]
    grey = np.asarray(Image.open(tmp_path / "out" / "grey.png"))
    inside = grey[..., :3].any(-1)
    assert inside.sum() > 500
    assert (grey[inside][:, :3] == noise(45, 37)[..., :1][inside]).all()


def test_one_picture_from_the_command_line(tmp_path):
    image = noise(60, 90)
    x_s, z = face(60, 90)
    m = turn(x_s, z, -25)
    write_face(tmp_path, "a.png", image, x_s, z, m)
    files = ["--image", tmp_path / "source/a.png", "--keypoints", tmp_path / "keypoints/a.txt"]
    files += ["--depth", tmp_path / "depth/a.txt", "--affine", tmp_path / "affine/a.txt", "--backend", "cpu"]
    assert run("warp", *files, "--out", tmp_path / "new" / "b.png") == 0
    x_s, z = read_points(tmp_path / "keypoints/a.txt"), read_depth(tmp_path / "depth/a.txt")
    expected = warp(image, x_s, z, read_affine(tmp_path / "affine/a.txt"), backend="cpu")
    assert (np.asarray(Image.open(tmp_path / "new" / "b.png")) == expected).all()
    assert run("warp", *files, "--out", tmp_path / "b.jpg") == 0
    assert read_image(tmp_path / "b.jpg").shape == (60, 90, 3)


def test_bad_folders_are_one_line_and_leave_nothing(tmp_path, capsys):
    x_s, z = face(40, 40)

    def damaged(change):
        folder = tmp_path / "in"
        shutil.rmtree(folder, ignore_errors=True)
        write_face(folder, "a.png", noise(40, 40), x_s, z, np.eye(2, 4))
        change(folder)
        assert run("warp", "--dataset", folder, "--out", tmp_path / "out", "--backend", "cpu") == 2
        assert not list((tmp_path / "out").glob("*"))
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    text = lambda name, content: lambda folder: (folder / name).write_text(content)  # noqa: E731
    assert "no folder 'source'" in damaged(lambda folder: shutil.rmtree(folder / "source"))
    assert "keypoints/a.txt: no such file" in damaged(lambda folder: (folder / "keypoints/a.txt").unlink())
    assert "depth/a.txt: row 2 has a NaN" in damaged(text("depth/a.txt", "1\nnan\n3\n4"))
    assert "3 depths where 68" in damaged(text("depth/a.txt", "1\n2\n3"))
    assert "affine/a.txt: row 1 is '1 2 3'" in damaged(text("affine/a.txt", "1 2 3\n4 5 6"))
    assert "affine/a.txt: 1 lines where 2" in damaged(text("affine/a.txt", "1 2 3 4"))
    assert "affine/a.txt: keypoints land" in damaged(text("affine/a.txt", "1e6 0 0 0\n0 1e6 0 0"))
    assert "keypoints/a.txt: row 1 is 'x y'" in damaged(text("keypoints/a.txt", "x y"))
    assert "source/a.png: not a picture" in damaged(text("source/a.png", "hello"))
    assert "triangles.csv names 70" in damaged(text("triangles.csv", "0,1,70"))
    assert "something else than point numbers" in damaged(text("triangles.csv", "0,1,2.5"))
    assert "has the same name" in damaged(lambda folder: write_image(folder / "source/a.jpg", noise(9, 9)))
    assert "has no pictures" in damaged(lambda folder: (folder / "source/a.png").unlink())


def test_bad_options_are_one_line(tmp_path, capsys):
    assert run("warp", "--image", "a.png", "--out", "b.png") == 2
    assert "--keypoints, --depth, --affine missing" in capsys.readouterr().err
    assert run("warp", "--dataset", tmp_path, "--image", "a.png", "--out", "b.png") == 2
    assert "does not go with --dataset" in capsys.readouterr().err


def make_folder(folder, count):
    x_s, z = face(40, 40)
    for i in range(count):
        write_face(folder, f"{i:03d}.png", noise(40, 40, i), x_s, z, turn(x_s, z, i))
    return [warp_folder(folder, folder / "one", "cpu"), folder / "many"]


def same_pictures(paths, others) -> bool:
    pairs = list(zip(paths, others, strict=True))
    return all((read_image(a) == read_image(b)).all() and a.name == b.name for a, b in pairs)


def test_several_processes_draw_the_same(tmp_path):
    expected, out = make_folder(tmp_path, 40)
    assert run("warp", "--dataset", tmp_path, "--out", out, "--processes", 2, "--backend", "cpu") == 0
    assert same_pictures(expected, sorted(out.iterdir()))
    (tmp_path / "depth" / "020.txt").write_text("nan\n" * 68)
    with pytest.raises(InputError, match=r"depth/020.txt: row 1 has a NaN"):
        warp_folder(tmp_path, tmp_path / "bad", processes=2)
    assert not list((tmp_path / "bad").glob("*.part"))


def test_resume_draws_only_what_is_missing_or_older_than_its_inputs(tmp_path):
    expected, _ = make_folder(tmp_path, 3)
    stamp = expected[0].stat().st_mtime
    first, second, third = expected
    second.unlink()
    os.utime(tmp_path / "depth" / "002.txt", (stamp + 100, stamp + 100))
    marks = {path: path.stat().st_mtime_ns for path in (first, third)}
    assert run("warp", "--dataset", tmp_path, "--out", first.parent, "--resume", "--backend", "cpu") == 0
    assert second.is_file()
    assert first.stat().st_mtime_ns == marks[first]
    assert third.stat().st_mtime_ns != marks[third]
    warp_folder(tmp_path, first.parent, "cpu")
    assert first.stat().st_mtime_ns != marks[first]


@needs_opengl
def test_context_lost_in_the_middle_of_a_folder(tmp_path, monkeypatch):
    expected, out = make_folder(tmp_path, 5)
    drawn = []

    def losing(*arguments):
        drawn.append(read_image(*arguments))
        if len(drawn) == 3:
            open_backend("gl")._context.release()
        return drawn[-1]

    monkeypatch.setattr(folder_module, "read_image", losing)
    results = warp_folder(tmp_path, out, "gl")
    monkeypatch.undo()
    for ours, plain in zip(results, expected, strict=True):
        assert np.abs(read_image(ours).astype(int) - read_image(plain)).max() <= 1


def test_dask_cluster_of_two_workers_draws_the_same(tmp_path):
    from distributed import Client, LocalCluster

    expected, out = make_folder(tmp_path, 70)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
        Client(cluster) as client,
    ):
        assert (
            run("warp", "--dataset", tmp_path, "--out", out, "--dask", cluster.scheduler_address, "--backend", "cpu")
            == 0
        )
        assert same_pictures(expected, sorted(out.iterdir()))
        (tmp_path / "affine" / "065.txt").write_text("1 2 3")
        with pytest.raises(InputError, match=r"affine/065.txt"):
            warp_folder(tmp_path, out, executor=client.get_executor(pure=False))
    assert run("warp", "--dataset", tmp_path, "--out", out, "--dask", "nowhere") == 2
