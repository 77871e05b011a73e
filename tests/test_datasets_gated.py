"""The sets that one has to ask for, on small fixtures in the layouts that their publishers document."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from depthnet_lib.config import data_dir
from depthnet_lib.datasets import load, store, vggface
from depthnet_lib.datasets.sources import Source
from depthnet_lib.datasets.w300 import read_pts
from depthnet_lib.errors import InputError
from depthnet_lib.layouts import FAW66
from tests.conftest import toy_faces

SIDE = 100


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path / "cache"))


def picture(kind="JPEG", size=(SIDE, SIDE), seed=0):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (*size[::-1], 3), np.uint8)).save(file, kind)
    return file.getvalue()


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def complaint(*arguments):
    with pytest.raises(InputError) as caught:
        store.check(*arguments)
    return str(caught.value)


# ---------------------------------------------------------------- 3DFAW


def faw(root, depth_sign=1.0, listed=None):
    """train_img, train_lm, valid_img, valid_lm with 66 lines "x,y,z" in pixels."""
    faces = toy_faces(40, seed=3)
    points = np.delete(np.concatenate([faces.xy, depth_sign * faces.z[..., None]], -1), [60, 64], 1) * SIDE
    files = {}
    for i, p in enumerate(points):
        part = "train" if i < 10 else "valid"
        files[f"{part}_img/face{i:03d}.jpg"] = picture(seed=i)
        files[f"{part}_lm/face{i:03d}_lm.csv"] = "\n".join(f"{x:.4f},{y:.4f},{z:.4f}" for x, y, z in p) + "\n"
    if listed:
        files["list_valid_test.txt"] = "\n".join(listed) + "\n"
    return write(root, files), points / SIDE, faces


def test_3dfaw_reads_its_tables(tmp_path):
    root, points, toy = faw(tmp_path / "faw")
    assert store.get("3dfaw", root).facts == ["train: 10 of 13,671 pictures", "valid: 30 of 4,500 pictures"]
    train = load("3dfaw:train")
    np.testing.assert_allclose(train.xy, points[:10, :, :2], atol=1e-5)
    np.testing.assert_allclose(train.z, points[:10, :, 2], atol=1e-5)
    assert train.layout is FAW66 and train.image(0).shape == (SIDE, SIDE, 3) and train.picture(0) is None
    turned = np.abs(toy.xy[:10, 30, 0] - toy.xy[:10, [0, 16], 0].mean(1)) > 0.1
    assert (train.pose[turned] == toy.pose[:10][turned]).all() and turned.any()


def test_3dfaw_depth_is_turned_toward_the_viewer(tmp_path):
    root, points, _ = faw(tmp_path / "faw", depth_sign=-1.0)
    store.get("3dfaw", root)
    np.testing.assert_allclose(load("3dfaw:train").z, -points[:10, :, 2], atol=1e-5)


def test_3dfaw_test_is_the_list_where_there_is_one(tmp_path):
    root, points, _ = faw(tmp_path / "faw", listed=["face020.jpg", "face011.jpg"])
    store.get("3dfaw", root)
    np.testing.assert_allclose(load("3dfaw:test").xy, points[[11, 20], :, :2], atol=1e-5)


def test_3dfaw_test_is_balanced_where_there_is_none(tmp_path):
    root, _, _ = faw(tmp_path / "faw")
    store.get("3dfaw", root)
    test = load("3dfaw:test")
    assert 0 < len(test) < 30 and set(test.pose) == {"left", "front", "right"}


def test_3dfaw_check_names_what_is_wrong(tmp_path):
    root, _, _ = faw(tmp_path / "faw", listed=["face999.jpg"])
    (root / "train_lm/face003_lm.csv").write_text("1,2,3\n4,5")
    (root / "train_img/face004.jpg").unlink()
    (root / "valid_lm/face015_lm.csv").unlink()
    (root / "valid_img/face020.jpg").write_bytes(picture()[:-500])
    text = complaint(root)
    for name in ("face003_lm.csv", "face004.jpg", "face015_lm.csv", "face020.jpg", "face999.jpg"):
        assert name in text
    assert "face005" not in text


# ---------------------------------------------------------------- 300-W


def pts(points):
    lines = "\n".join(f"{x:.6f} {y:.6f}" for x, y in points)
    return f"version: 1\nn_points: {len(points)}\n{{\n{lines}\n}}\n"


def w300(root):
    faces, files = toy_faces(6), {}
    stems = ["afw/1_1", "helen/trainset/2", "lfpw/trainset/image_0001", "helen/testset/3", "lfpw/testset/4", "ibug/5 a"]
    for stem, xy in zip(stems, faces.xy, strict=True):
        files[f"{stem}.{'png' if 'lfpw' in stem else 'jpg'}"] = picture("PNG" if "lfpw" in stem else "JPEG", (80, 100))
        files[f"{stem}.pts"] = pts(xy * 80 + 1)
    return write(root, files), faces.xy * 0.8


def test_300w_split_and_matlab_pixels(tmp_path):
    root, xy = w300(tmp_path / "w")
    store.get("300w", root)
    train, test, everything = (load(f"300w:{split}") for split in ("train", "test", "all"))
    assert (len(train), len(test), len(everything)) == (3, 3, 6)
    np.testing.assert_allclose(np.sort(everything.xy[:, 0, 0]), np.sort(xy[:, 0, 0]), atol=1e-6)
    np.testing.assert_allclose(train.xy[0], xy[0], atol=1e-6)  # 1-based pixels of an 80 x 100 picture
    assert train.image(0).shape == (100, 80, 3)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_cut_pts_are_refused(share):
    text = pts(np.arange(136).reshape(68, 2))
    assert read_pts(text).shape == (68, 2)
    with pytest.raises((ValueError, IndexError)):
        read_pts(text[: int(share * len(text))])


def test_300w_check_names_what_is_wrong(tmp_path):
    root, _ = w300(tmp_path / "w")
    (root / "afw/1_1.pts").write_text(pts(np.zeros((68, 2)))[:500])
    (root / "helen/testset/3.jpg").unlink()
    (root / "ibug/5 a.pts").write_text(pts(np.full((68, 2), 500.0)))
    text = complaint(root)
    assert "afw/1_1.pts: damaged" in text and "helen/testset/3" in text and "5 a.pts: most of its points" in text


# ---------------------------------------------------------------- detected keypoints: VGG-Face, Multi-PIE


def detect(name, stems, seed=0):
    """What `depthnets keypoints` leaves for the photos of a set."""
    faces = toy_faces(len(stems), seed)
    for stem, xy in zip(stems, faces.xy, strict=True):
        path = data_dir() / name / "keypoints" / f"{stem}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savetxt(path, xy * SIDE)
    return faces


def vgg(root):
    files = {}
    for person in ("Aamir_Khan", "Zoe_Saldana", "Bill_Nye", "Jude_Law", "Uma_Thurman", "Emma_Stone"):
        lines = []
        for i in (1, 2, 3):
            lines.append(f"{i:08d} http://example.org/{i}.jpg 10.5 11.0 80.25 90.0 3.00 1.25 1")
            if i < 3:  # the third address is gone
                files[f"images/{person}/{i:08d}.jpg"] = picture(seed=i)
        files[f"files/{person}.txt"] = "\n".join(lines) + "\n"
    return write(root, files)


def test_vggface_photos_with_detected_keypoints(tmp_path):
    root = vgg(tmp_path / "vgg")
    assert "12 photos of 6 of 2,622 identities" in store.get("vggface", root).facts
    with pytest.raises(InputError, match="depthnets keypoints"):
        load("vggface:all")
    people = sorted({p.parent.name for p in root.glob("images/*/*.jpg")})
    toy = detect("vggface", [f"{person}/00000001" for person in people])
    faces = load("vggface:all")
    np.testing.assert_allclose(faces.xy[np.argsort(faces.identity)], toy.xy, atol=1e-9)
    assert sorted(faces.identity.tolist()) == list(range(6)) and faces.picture(0) is None
    assert not set(load("vggface:train").identity.tolist()) & set(load("vggface:test").identity.tolist())


def test_vggface_boxes(tmp_path):
    boxes = vggface.boxes(Source(vgg(tmp_path / "vgg")), "Bill_Nye")
    assert boxes["Bill_Nye/00000002.jpg"].tolist() == [10.5, 11, 80.25, 90]


def test_vggface_check_names_cut_photos_and_lists(tmp_path):
    root = vgg(tmp_path / "vgg")
    (root / "images/Bill_Nye/00000001.jpg").write_bytes(picture()[:1000])
    (root / "files/Emma_Stone.txt").write_text("00000001 http://example.org/1.jpg 10.5")
    text = complaint(root)
    assert "Bill_Nye/00000001.jpg" in text and "Emma_Stone.txt" in text and "00000003" not in text


def multipie(root):
    files = {}
    for subject in ("001", "002", "003", "004", "006", "007"):
        for camera, folder in (("051", "05_1"), ("080", "08_0"), ("130", "13_0")):
            for light in ("00", "07"):
                name = f"session01/multiview/{subject}/01/{folder}/{subject}_01_01_{camera}_{light}.png"
                files[name] = picture("PNG")
    return write(root, files)


def test_multipie_pose_is_the_cameras_with_the_side_of_the_keypoints(tmp_path):
    root = multipie(tmp_path / "pie")
    assert "36 pictures of 6 of 337 people, 1 of 4 sessions" in store.get("multipie", root).facts
    stems = sorted(path.stem for path in root.rglob("*_07.png"))
    toy = detect("multipie", stems, seed=5)
    faces = load("multipie:all")
    assert len(faces) == 18 and len(set(faces.identity.tolist())) == 6
    row = {tuple(xy[0].round(6)): i for i, xy in enumerate(toy.xy)}  # the splits come in another order
    order = [row[tuple(xy[0].round(6))] for xy in faces.xy]
    nose = (toy.xy[:, 30, 0] - toy.xy[:, [0, 16], 0].mean(1))[order]
    frontal = np.array(["_051_" in stem for stem in stems])[order]
    assert (faces.pose[frontal] == "front").all()
    assert (faces.pose[~frontal] == np.where(nose[~frontal] > 0, "right", "left")).all()


def test_multipie_check_names_a_missing_light_and_a_cut_picture(tmp_path):
    root = multipie(tmp_path / "pie")
    gone, cut = (next(root.rglob(f"{name}.png")) for name in ("002_01_01_080_00", "004_01_01_051_07"))
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:3000])
    text = complaint(root)
    assert gone.stem in text and cut.name in text


# ---------------------------------------------------------------- CelebA


def celeba(root, zipped):
    names = [f"{i:06d}.jpg" for i in range(1, 7)]
    points = np.arange(60).reshape(6, 10) + 50
    rows = "\n".join(f"{n} {' '.join(f'{v:4d}' for v in p)}" for n, p in zip(names, points, strict=True))
    files = {
        "Anno/list_landmarks_align_celeba.txt": f"6\nlefteye_x lefteye_y righteye_x righteye_y nose_x\n{rows}\n",
        "Eval/list_eval_partition.txt": "".join(f"{n} {[0, 0, 0, 1, 2, 2][i]}\n" for i, n in enumerate(names)),
        "Anno/identity_CelebA.txt": "".join(f"{n} {i // 2 + 10}\n" for i, n in enumerate(names)),
    }
    photos = {f"img_align_celeba/{n}": picture(size=(178, 218), seed=i) for i, n in enumerate(names)}
    write(root, files if zipped else files | photos)
    if zipped:
        with zipfile.ZipFile(root / "img_align_celeba.zip", "w") as archive:
            for name, content in photos.items():
                archive.writestr(name, content)
    return root, points


@pytest.mark.parametrize("zipped", [False, True])
def test_celeba_reads_points_split_and_people(tmp_path, zipped):
    root, points = celeba(tmp_path / "celeba", zipped)
    assert store.get("celeba", root).facts == ["6 of 202,599 photos"]
    train, test = load("celeba:train"), load("celeba:test")
    np.testing.assert_allclose(train.xy * 218, points[:4].reshape(4, 5, 2))
    assert test.identity.tolist() == [12, 12] and test.image(1).shape == (218, 178, 3) and test.picture(0) is None
    toy = detect("celeba", [f"{i:06d}" for i in range(1, 5)])
    assert load("celeba:train").xy.shape == toy.xy.shape


@pytest.mark.parametrize("zipped", [False, True])
def test_celeba_check_names_a_missing_photo_and_a_cut_list(tmp_path, zipped):
    root, _ = celeba(tmp_path / "celeba", zipped)
    table = root / "Anno/identity_CelebA.txt"
    table.write_text(table.read_text() + "000007.jpg 99\n")
    (root / "Eval/list_eval_partition.txt").unlink()
    text = complaint(root)
    assert "000007.jpg: missing" in text and "list_eval_partition.txt: missing" in text


def test_celeba_check_names_a_truncated_zip(tmp_path):
    root, _ = celeba(tmp_path / "celeba", True)
    path = root / "img_align_celeba.zip"
    path.write_bytes(path.read_bytes()[:-30])
    assert "img_align_celeba: damaged or truncated" in complaint(root)
