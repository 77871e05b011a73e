"""AFLW2000-3D: 2,000 photos in the wild with 68 points in 3D, fitted by a morphable model (image*.jpg, image*.mat)."""

import io
import zlib

import numpy as np
from scipy.io import loadmat
from tqdm import tqdm

from .base import KeypointSet, pose_of_yaw
from .sources import Source, picture_problem
from .store import Report, cached, registered

TEST_PER_POSE = 75  # as many left, frontal and right faces as in section 3.2


def load(split: str) -> KeypointSet:
    """Photos with 68 points and depth. Test: of each pose the 75 photos with the smallest checksum of their name,
    at most half of them; train: the others. Each photo counts as a person of its own: identities are not published.
    """
    source = registered("aflw2000")
    arrays = cached(source, "aflw2000/points", lambda: _parse(source))
    names, points, yaw, side = (arrays[k] for k in ("names", "points", "yaw", "side"))
    pose = pose_of_yaw(yaw)
    test = balanced_test(names, pose)
    faces = KeypointSet(
        f"aflw2000:{split}",
        points[..., :2] / side[:, None, None],
        points[..., 2] / side[:, None],
        pose,
        identity=np.array([int(name[5:10]) for name in names]),
        image=lambda i: source.image(_files(source)[f"{names[i]}.jpg"]),
        shareable=False,
    )
    return faces[test if split == "test" else ~test]


def balanced_test(names: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """(M,) True for the test faces: as many of each pose, chosen by the checksums of their names."""
    test = np.zeros(len(names), bool)
    order = np.argsort([zlib.crc32(name.encode()) for name in names])
    for p in set(pose.tolist()):
        group = order[pose[order] == p]
        test[group[: min(TEST_PER_POSE, (len(group) + 1) // 2)]] = True
    return test


def recognise(source: Source) -> bool:
    return bool(source.match("image?????.mat"))


def check(source: Source) -> Report:
    """Every photo has its .mat and the reverse; both are whole; the points are 68 and lie in the picture."""
    files, report = _files(source), Report()
    stems = sorted({name[:-4] for name in files})
    outside = 0
    for stem in tqdm(stems, "aflw2000", leave=False, delay=1):
        for name in (f"{stem}.jpg", f"{stem}.mat"):
            if name not in files:
                report.problems[name] = "missing, though its other half is here"
        if f"{stem}.jpg" in files and (problem := picture_problem(source.read(files[f"{stem}.jpg"]))):
            report.problems[f"{stem}.jpg"] = problem
        elif f"{stem}.mat" in files:
            try:
                points, _ = _read_mat(source.read(files[f"{stem}.mat"]))
                width, height = source.image_size(files[f"{stem}.jpg"]) if f"{stem}.jpg" in files else (450, 450)
                inside = ((points[:, :2] >= 0) & (points[:, :2] <= (width - 1, height - 1))).all(1)
                outside += not inside.all()
                if inside.mean() < 0.5:
                    report.problems[f"{stem}.mat"] = "most of its points lie outside the picture"
            except Exception as error:  # scipy raises nearly anything on damaged files
                report.problems[f"{stem}.mat"] = f"damaged or truncated ({str(error) or type(error).__name__})"
    report.facts.append(f"{len(stems)} of 2,000 photos with 68 points in 3D")
    if outside:
        report.facts.append(f"{outside} of them with points outside the picture, where the model continues the face")
    return report


def _files(source: Source) -> dict[str, str]:
    names = source.match("image?????.jpg") + source.match("image?????.mat")
    return {name.rpartition("/")[2]: name for name in names}


def _read_mat(content: bytes) -> tuple[np.ndarray, float]:
    """Points (68, 3) in pixels and yaw in degrees. MATLAB counts pixels from 1 and this set's yaw has our opposite
    sign; its z points to the viewer already."""
    mat = loadmat(io.BytesIO(content), variable_names=("pt3d_68", "Pose_Para"))
    points = mat["pt3d_68"].T.astype(float)
    if points.shape != (68, 3) or not np.isfinite(points).all():
        raise ValueError(f"pt3d_68 has shape {points.T.shape}")
    return points - [1, 1, 0], float(-np.degrees(mat["Pose_Para"][0, 1]))


def _parse(source: Source) -> dict[str, np.ndarray]:
    files = _files(source)
    names = sorted(name[:-4] for name in files if name.endswith(".mat") and f"{name[:-4]}.jpg" in files)
    read = [_read_mat(source.read(files[f"{name}.mat"])) for name in tqdm(names, "aflw2000", delay=1)]
    points, yaw = zip(*read, strict=True)
    side = [max(source.image_size(files[f"{name}.jpg"])) for name in names]
    return {"names": np.array(names), "points": np.array(points), "yaw": np.array(yaw), "side": np.array(side, float)}
