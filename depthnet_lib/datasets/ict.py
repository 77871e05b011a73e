"""ICT-FaceKit: a scan-based morphable face. Random faces, expressions and cameras with true depth, and their meshes.

Read from the repository's zip as GitHub serves it; ict_landmarks.npz, where there is one, holds all modes at the 68
landmarks and is preferred for keypoint sets. The publisher's axes are x right, y up, z toward the viewer, centimetres;
here y is turned down at once.
"""

import io
import json
import re
import warnings
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ..errors import InputError
from ..heads.camera import Cameras, rotation
from .base import KeypointSet, pose_of_yaw
from .sources import Source
from .store import Report, cached, registered

VERTICES, POLYGONS, MODES = 26719, 26384, 100  # of a whole .obj, and identity modes of the whole release
SOLID_VERTICES, SOLID_POLYGONS = 24591, 24692  # without the transparent shells over the eyes, and the lashes
TRAIN, TEST = 8000, 225
YAW = 60.0  # degrees, the widest turn to either side
IMAGE_CM = 28.0  # side of the square picture at the distance of the face
_DOWN = np.array([1.0, -1.0, 1.0])


@dataclass(frozen=True)
class FaceModel:
    """Vertices are ``neutral`` (V, 3) + a . ``identity`` (I, V, 3) + e . ``expression`` (E, V, 3), in centimetres.

    a is standard normal over people, e in [0, 1]; x right, y down, z toward the viewer.
    """

    neutral: np.ndarray
    identity: np.ndarray
    expression: np.ndarray

    def vertices(self, a: np.ndarray, e: np.ndarray) -> np.ndarray:
        """(M, V, 3) of identities a (M, I) and expressions e (M, E)."""
        return self.neutral + np.tensordot(a, self.identity, 1) + np.tensordot(e, self.expression, 1)


def load(split: str) -> KeypointSet:
    """8,000 faces to train on, yaw even within 60 degrees; 225 to test on: 75 left, 75 front, 75 right."""
    first, n = (0, TRAIN) if split == "train" else (TRAIN, TEST)
    rng, model = np.random.default_rng(first), landmark_model()
    points = model.vertices(*random_coefficients(model, n, rng))
    if split == "train":
        yaw = rng.uniform(-YAW, YAW, n)
    else:  # a third each turned left, frontal, turned right
        yaw = rng.uniform(-YAW / 3, YAW / 3, n) + np.repeat([-2 / 3, 0, 2 / 3], n // 3) * YAW
    seen = project(points, yaw, rng)
    return KeypointSet(
        f"ict:{split}", seen[..., :2], seen[..., 2], pose_of_yaw(yaw), identity=np.arange(first, first + n)
    )


def random_coefficients(model: FaceModel, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Identities (n, I), standard normal, and up to four expressions each of random strength (n, E)."""
    a = rng.normal(size=(n, len(model.identity)))
    shape = (n, len(model.expression))
    chosen = rng.random(shape).argsort(1) < rng.integers(0, 5, (n, 1))
    return a, chosen * rng.random(shape)


def project(points: np.ndarray, yaw: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn faces (M, N, 3) by yaw (M,) degrees and a random pitch and roll, and see them in perspective.

    Returns (M, N, 3): xy in [0, 1] and z in the same unit. The camera is 60 to 150 cm from the points' centre.
    """
    n = len(points)
    angles = np.stack([yaw, rng.uniform(-20, 20, n), rng.uniform(-14, 14, n)], -1)
    corner, side = np.full((n, 2), -IMAGE_CM / 2), np.full(n, IMAGE_CM)
    return Cameras(rotation(angles), rng.uniform(60, 150, n), corner, side)(points - points.mean(1, keepdims=True))


def landmark_model() -> FaceModel:
    """The model at the 68 landmarks: all 100 modes where ict_landmarks.npz was brought, else those of the zip."""
    source = registered("ict")
    if names := source.match("ict_landmarks.npz"):
        return source.parse(names[0], read_landmarks)
    model, landmarks = mesh_model()[0], landmark_vertices()
    return FaceModel(model.neutral[landmarks], model.identity[:, landmarks], model.expression[:, landmarks])


def landmark_vertices() -> np.ndarray:
    """(68,) vertex indices of the landmarks, from the README of the zip."""
    return _landmarks_of(_zip_of(registered("ict")))


def mesh_model() -> tuple[FaceModel, np.ndarray]:
    """The model at all 24,591 solid vertices, and its triangles (T, 3): what a renderer needs. Seconds at first."""
    source = _zip_of(registered("ict"))
    arrays = cached(source, "ict/mesh", lambda: _parse(source))
    return FaceModel(*(arrays[k] for k in ("neutral", "identity", "expression"))), arrays["triangles"]


def read_landmarks(content: bytes) -> FaceModel:
    """The model of ict_landmarks.npz; ValueError where its arrays are not those of 68 landmarks."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = [file[k] * _DOWN for k in ("neutral", "identity", "expression")]
    if [a.shape[-2:] for a in arrays] != [(68, 3)] * 3 or not all(np.isfinite(a).all() for a in arrays):
        raise ValueError(f"its arrays have shapes {[a.shape for a in arrays]}")
    return FaceModel(*arrays)


def recognise(source: Source) -> bool:
    patterns = ("FaceXModel/generic_neutral_mesh.obj", "ict_landmarks.npz", "ICT-FaceKit*.zip")
    return any(source.match(p) for p in patterns)


def check(source: Source) -> Report:
    """The landmark file is whole; the zip has its README and licence, every expression, and no gap in its modes."""
    report = Report()
    npz, zips = source.match("ict_landmarks.npz"), source.match("ICT-FaceKit*.zip")
    for name in npz:
        try:
            basis = source.parse(name, read_landmarks)
            report.facts.append(f"{len(basis.identity)} identity modes at the 68 landmarks")
        except InputError as error:
            report.problems[name] = error.reason
    try:
        modes = _check_scans(_zip_of(source), report)
        if modes < MODES and source.path.is_dir() and not npz:
            report.problems["ict_landmarks.npz"] = f"missing, and the scans have only {modes} of {MODES} modes"
    except InputError as error:
        if zips:
            report.problems[zips[0]] = error.reason
        else:
            report.facts.append("keypoints but no meshes, for want of ICT-FaceKit-master.zip")
    if set(report.problems) & {*npz, *zips} and not (npz and zips):
        absent = "ICT-FaceKit-master.zip" if npz else "ict_landmarks.npz"
        report.problems[absent] = "missing: it would serve in the other's place"
    return report


def _check_scans(source: Source, report: Report) -> int:
    """Adds what is wrong with the scans to the report, and returns the number of identity modes."""
    files = _files(source)
    for name in ("README.md", "LICENSE", "vertex_indices.json", "generic_neutral_mesh.obj"):
        if name not in files:
            report.problems[name] = "missing"
    expressions = []
    try:
        if "vertex_indices.json" in files:
            expressions = json.loads(source.read(files["vertex_indices.json"]))["expressions"]
        if "README.md" in files and len(_landmarks_of(source)) != 68:
            report.problems["README.md"] = "does not list the 68 landmarks"
    except (ValueError, KeyError, InputError) as error:
        report.problems["vertex_indices.json"] = f"damaged or truncated ({error})"
    modes = _modes(files)
    last = int(modes[-1][8:11]) if modes else 0
    wanted = [f"identity{i:03d}.obj" for i in range(last + 1)] + [f"{e}.obj" for e in expressions]
    report.problems |= {name: "missing" for name in wanted if name not in files}
    shapes = [name for name in files if name.endswith(".obj")]
    for name in tqdm(shapes, "scans", leave=False, delay=1):
        try:
            content = source.read(files[name])
            if (content.count(b"\nv "), content.count(b"\nf ")) != (VERTICES, POLYGONS):
                report.problems[name] = "truncated: it has not all vertices and polygons"
        except InputError as error:
            report.problems[name] = error.reason
    report.facts.append(f"{len(modes)} of {MODES} identity modes, {len(expressions)} expressions, as scans")
    return len(modes)


def _zip_of(source: Source) -> Source:
    if source.match("FaceXModel/*.obj"):
        return source
    zips = source.match("ICT-FaceKit*.zip")
    if not zips:
        raise InputError(source.path, "has no ICT-FaceKit-master.zip", "depthnets data get ict --accept-licence")
    return source.inside(zips[0])


def _files(source: Source) -> dict[str, str]:
    """Base name -> name inside the archive."""
    return {name.rpartition("/")[2]: name for name in source.sizes}


def _modes(files: dict[str, str]) -> list[str]:
    return sorted(name for name in files if re.fullmatch(r"identity\d{3}\.obj", name))


def _landmarks_of(source: Source) -> np.ndarray:
    readme = source.text(_files(source)["README.md"])
    section = readme.partition("Multi-PIE 68 point")[2].partition("![")[0]
    return np.array(re.findall(r"\d+", section), int)


def _parse(source: Source) -> dict[str, np.ndarray]:
    files = _files(source)
    expressions = json.loads(source.read(files["vertex_indices.json"]))["expressions"]
    names = ["generic_neutral_mesh.obj", *_modes(files), *(f"{e}.obj" for e in expressions)]
    shapes = np.stack([source.parse(files[name], _vertices) for name in tqdm(names, "reading scans", delay=1)])
    neutral, others = shapes[0], shapes[1:] - shapes[0]
    split = len(_modes(files))
    polygons = _polygons(source.read(files[names[0]]))
    triangles = np.concatenate([polygons[:, [0, 2, 1]], polygons[:, [0, 3, 2]]])  # turned over with the y axis
    return {"neutral": neutral, "identity": others[:split], "expression": others[split:], "triangles": triangles}


def _vertices(obj: bytes) -> np.ndarray:
    block = obj[obj.index(b"\nv ") : obj.index(b"\nvt ")]  # all vertices, line by line
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy only warns where it meets something else than a number
        values = np.fromstring(block.replace(b"v", b" "), np.float32, sep=" ")
    if not np.isfinite(values).all():
        raise ValueError("a vertex is not finite")
    return values.reshape(VERTICES, 3)[:SOLID_VERTICES] * np.float32(_DOWN)


def _polygons(obj: bytes) -> np.ndarray:
    lines = [line[2:].split() for line in obj.split(b"\n") if line.startswith(b"f ")][:SOLID_POLYGONS]
    corners = [[int(corner.split(b"/")[0]) - 1 for corner in line] for line in lines]
    return np.array([c if len(c) == 4 else [*c, c[-1]] for c in corners], np.int32)
