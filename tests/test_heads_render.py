"""Rendered heads: geometry against the keypoints, reproducibility, looks, albums."""

import numpy as np
import pytest

from depthnet_lib.datasets import anny_images
from depthnet_lib.errors import InputError
from depthnet_lib.heads import album, sample_shots
from depthnet_lib.heads.album import Recipe, check_album, open_album
from depthnet_lib.heads.look import BEARDS, CUTS, look_of
from depthnet_lib.heads.noise import field

SIZE = 64


@pytest.fixture(scope="module")
def draw():
    """The render function, where there is OpenGL."""
    from depthnet_lib.heads.render import render

    try:
        render(sample_shots(0, [0], 0), SIZE)
    except InputError as error:
        pytest.skip(str(error))
    return render


@pytest.fixture(scope="module")
def shots():
    """Three people, four pictures each."""
    return sample_shots(0, np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3))


@pytest.fixture(scope="module")
def pictures(draw, shots):
    return draw(shots, SIZE)


def test_arrays(pictures, shots):
    n = len(shots)
    assert pictures.image.shape == (n, SIZE, SIZE, 3) and pictures.image.dtype == np.uint8
    assert pictures.xy.shape == (n, 68, 2) and pictures.z.shape == pictures.hidden.shape == (n, 68)
    assert pictures.depth.shape == pictures.mask.shape == (n, SIZE, SIZE)
    np.testing.assert_array_equal(pictures.identity, shots.identity)


def test_keypoints_lie_where_they_are_drawn(pictures, shots):
    """The depth of the picture at a visible keypoint is the keypoint's own, to half a centimetre in the median."""
    side = shots.margin  # of the keypoints' box: about 13 cm high at least
    errors = []
    for i in range(len(shots)):
        x, y = (pictures.xy[i] * SIZE).astype(int).clip(0, SIZE - 1).T
        seen = ~pictures.hidden[i]
        errors.append(np.abs(pictures.depth[i][y, x] - pictures.z[i])[seen] * side[i] * 13)
    errors = np.concatenate(errors)
    assert np.isnan(errors).mean() < 0.1  # points on the outline may fall beside it
    assert np.nanmedian(errors) < 0.5 and np.nanmean(errors < 1.5) > 0.8


def test_the_person_covers_the_face_and_not_the_corners(pictures):
    inner = (pictures.xy[:, 27:] * SIZE).astype(int).clip(0, SIZE - 1)
    rows = np.arange(len(inner))[:, None]
    assert (pictures.mask[rows, inner[..., 1], inner[..., 0]] > 128).mean() > 0.95
    assert (pictures.mask == 0).any()
    assert np.isnan(pictures.depth[pictures.mask == 0]).all()


def test_the_far_side_is_hidden(draw):
    people = np.array([p for p in range(40) if look(p).cut == "short" and not look(p).glasses][:4])
    right = draw(sample_shots(0, people, 0, (55.0, 60.0), expressive=0.0), SIZE)
    assert right.hidden[:, 13:16].mean() > 0.8  # the person's left cheek, behind the nose that points right
    assert right.hidden[:, [30, 36, 48, 3, 4, 5]].mean() < 0.2


def test_a_picture_is_the_same_alone_and_in_a_batch(draw, pictures, shots):
    alone = draw(shots[[6]], SIZE)
    for name in ("image", "mask", "hidden"):
        np.testing.assert_array_equal(getattr(alone, name)[0], getattr(pictures, name)[6])


def test_lights_are_added_up_in_one_order(draw):
    """Sums of floats depend on their order, which must not be that of addresses in memory, another in each process."""
    from depthnet_lib.heads.photo import Light
    from depthnet_lib.heads.render import _theatre

    stage = _theatre().stage
    between = []
    for n in (3, 1, 2, 3, 2, 3, 3):
        powers = np.arange(1.0, n + 1)
        stage.current()
        stage.shoot(100.0, np.zeros(2), 30.0, [Light(np.array([0, 0, 1.0]), p * np.ones(3)) for p in powers], 1.0)
        assert [node.light.intensity for node in stage.scene.light_nodes] == powers.tolist()
        between.append([object() for _ in range(1000 * n)])  # whatever else moves the next nodes in memory


def test_facing_zero_is_the_same_person_seen_frontal(draw):
    shots = sample_shots(0, [3, 4], 0, (40.0, 60.0))
    frontal = draw(shots.facing(0), SIZE)
    assert (frontal.pose == "front").all()
    np.testing.assert_array_equal(shots.facing(0).actions, shots.actions)
    middle = frontal.xy[:, [0, 16], 0].mean(1)
    assert np.abs(frontal.xy[:, 30, 0] - middle).max() < 0.03


def look(person):
    shots = sample_shots(0, [person], 0)
    return look_of(0, person, shots.shape[0].tobytes())


def test_looks_are_of_their_person():
    assert look(5).seed == look(5).seed and look(5).seed != look(6).seed
    looks = [look(person) for person in range(60)]
    assert all(a.beard == "none" for a in looks if a.female)
    assert len({a.cut for a in looks}) > 6 and {a.cut for a in looks} <= set(CUTS)
    assert {a.beard for a in looks} <= set(BEARDS)
    assert 0.25 < np.mean([a.female for a in looks]) < 0.75
    for a in looks:
        for colour in (a.skin, a.hair, a.iris, a.lips, a.brow, a.cloth):
            assert colour.shape == (3,) and colour.min() >= 0 and colour.max() <= 1


@pytest.mark.parametrize("kind", ["grain", "mottle", "clouds"])
def test_noise_is_centred_and_of_unit_size(kind):
    whole = field(np.random.default_rng(0), kind, 1024, 1024)
    assert abs(whole.mean()) < 0.05 and abs(whole.std() - 1) < 0.05
    assert field(np.random.default_rng(0), kind, 30, 50, 2.5).shape == (30, 50)


RECIPE = Recipe(first=7, people=2, shots=2, size=32)


def test_recipe_names_its_file_and_draws_rows():
    assert RECIPE.name() != Recipe(first=7, people=2, shots=2, size=32, yaw=(0.0, 10.0)).name()
    shots = RECIPE.draw(slice(1, 4))
    assert shots.identity.tolist() == [7, 8, 8] and shots.shot.tolist() == [1, 0, 1]


def test_album(draw, tmp_path):
    table = open_album(RECIPE, tmp_path, workers=1)
    path = tmp_path / RECIPE.name()
    assert table["image"].shape == (4, 32, 32, 3) and not table.flags.writeable
    expected = draw(RECIPE.draw(), 32)
    np.testing.assert_array_equal(table["image"], expected.image)
    np.testing.assert_allclose(table["xy"], expected.xy, atol=1e-6)
    check_album(path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_damaged_albums_are_found(draw, tmp_path):
    open_album(RECIPE, tmp_path, workers=1)
    path = tmp_path / RECIPE.name()
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="checksum"):
        check_album(path)
    path.write_bytes(content[:3000])
    with pytest.raises(InputError, match="too short"):
        open_album(RECIPE, tmp_path)


def test_an_album_goes_on_where_a_kill_stopped_it(tmp_path, monkeypatch):
    whole = Recipe(first=7, people=3, shots=2, size=32)
    monkeypatch.setattr(album, "_CHUNK", 2)
    jobs = []

    def killed(job):
        jobs.append(job[2].start)
        if len(jobs) == 2:
            raise KeyboardInterrupt
        table = np.lib.format.open_memmap(job[1], "r+")
        table["shot"][job[2]] = jobs[-1] + 1
        table.flush()
        return job[2]

    monkeypatch.setattr(album, "_draw_rows", killed)
    with pytest.raises(KeyboardInterrupt):
        open_album(whole, tmp_path, workers=1)
    assert not (tmp_path / whole.name()).exists()
    table = open_album(whole, tmp_path, workers=1)
    assert jobs == [0, 2, 2, 4] and table["shot"].tolist() == [1, 1, 3, 3, 5, 5]
    assert [p.name for p in tmp_path.iterdir()] == [whole.name()]
    check_album(tmp_path / whole.name())


def test_set_of_images(draw, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path))
    faces = anny_images.load("test", people=2, shots=2, size=32, workers=1)
    assert len(faces) == 4 and faces.image(3).shape == (32, 32, 3) and faces.hidden.shape == (4, 68)
    assert set(faces.pose) <= {"left", "front", "right"}
    again = anny_images.load("test", people=2, shots=2, size=32)
    np.testing.assert_array_equal(again[[2]].image(0), faces.image(2))


def test_pairs_are_of_one_person():
    assert anny_images.identity_pairs(np.array([4, 9, 4, 4])).tolist() == [
        [0, 2],
        [0, 3],
        [2, 0],
        [2, 3],
        [3, 0],
        [3, 2],
    ]


def test_a_detector_that_never_saw_them_finds_the_faces(draw):
    """dlib finds frontal faces at 256 pixels, its 68 points within 6% of interocular distance in the median."""
    import dlib
    import face_recognition_models

    detect = dlib.get_frontal_face_detector()
    predict = dlib.shape_predictor(face_recognition_models.pose_predictor_model_location())
    found = draw(sample_shots(9, np.arange(10), 0, (-20.0, 20.0)), 256)
    errors = []
    for image, xy in zip(found.image, found.xy, strict=True):
        boxes = detect(np.ascontiguousarray(image), 0)
        if boxes:
            points = np.array([(p.x, p.y) for p in predict(np.ascontiguousarray(image), boxes[0]).parts()])
            true = xy * 256 - 0.5
            errors.append(np.linalg.norm(points - true, axis=1) / np.linalg.norm(true[36] - true[45]))
    assert len(errors) >= 9
    assert np.median(errors) < 0.06
