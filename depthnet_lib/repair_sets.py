"""Pictures for repair, made by the kit's own pipeline: keypoints -> depth -> warp; made once, kept on disk.

Rendered heads serve by default: every picture has its true answer, the same person under the same light before the
same place, looking at the camera. Photos serve too, those of any keypoint set with pictures; they have no answers.
"""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from .checkpoints import write_json
from .config import data_dir
from .datasets import KeypointSet, load
from .errors import InputError
from .heads import cameras, load_basis, sample_shots
from .layouts import IBUG68
from .pipeline import MARGIN, make_portrait, metric_depth
from .repair.inputs import background_input, swap_input
from .warp import warp
from .warp.uses import frontal, mirror_is_closer, mirrored, onto

HEADS = "heads"
SEED = 8
PEOPLE = {"train": range(800), "test": range(800, 900)}
SCENES = 3  # pictures of one person
YAW = {"background": (12.0, 45.0), "extreme": (45.0, 75.0), "swap": (0.0, 45.0)}  # degrees, to either side
FRONT = 12.0  # degrees: a photo turned less counts as frontal
RENDER_SIZE = 128  # pixels; the pipeline works there, the network on what is left after shrinking
_CHUNK = 8  # people drawn at once


@dataclass(frozen=True)
class RepairSet:
    """Two unpaired domains: ``x`` uint8 (M, S, S, c_x) warped, ``y`` (K, S, S, 3) true, of other people.

    Rendered heads know the answer too: ``truth`` (M, S, S, 3) is what F(x) should be and ``inside`` (M, S, S) its
    inner face; both are for scores only, no training sees them.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    truth: np.ndarray | None = None
    inside: np.ndarray | None = None


def load_repair_set(task: str, name: str, size: int = 64, processes: int | None = None) -> RepairSet:
    """The set of a task of `YAW`: "heads:train", "heads:test", or of a keypoint set with pictures by name.

    Made on first use with a progress bar, in several processes, into `data_dir`; later runs map the files after their
    checksums were compared. Raises InputError for a damaged file and for a set that has too few pictures.
    """
    folder = data_dir() / "repair" / f"{task}-{name.replace(':', '-').replace('/', '-')}-{size}"
    if not (folder / "set.json").is_file():
        rows = _from_heads(task, name.partition(":")[2], size, processes) if name.startswith(f"{HEADS}:") else None
        _store(folder, rows or _from_photos(task, load(name), size))
    return RepairSet(f"{task} {name}", **_open(folder))


def _from_heads(task: str, split: str, size: int, processes: int | None) -> Iterator[dict[str, np.ndarray]]:
    """Rows chunk by chunk. For training, half of the people give x and the others y; a test set has everybody's x and
    their answers, which are its y."""
    if split not in PEOPLE:
        raise InputError(f"{HEADS}:{split}", "unknown split", f"write {HEADS}:train or {HEADS}:test")
    people = np.array(PEOPLE[split])
    domains = {"x": people[::2], "y": people[1::2]} if split == "train" else {"both": people}
    chunks = {domain: np.array_split(rows, max(1, len(rows) // _CHUNK)) for domain, rows in domains.items()}
    jobs = [(task, domain, chunk, size) for domain, parts in chunks.items() for chunk in parts]
    spawn = multiprocessing.get_context("spawn")  # OpenGL does not survive a fork
    with ProcessPoolExecutor(processes or os.cpu_count(), mp_context=spawn) as pool:
        rows = pool.map(head_rows, *zip(*jobs, strict=True))
        yield from tqdm(rows, f"drawing {task} {split}", len(jobs), unit="chunk")


def head_rows(task: str, domain: str, people: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Rows of some people, uint8: {"x"}, {"y"}, or for ``domain`` "both" {"x", "y", "truth", "inside"}."""
    from .heads.render import render

    identity, scene = np.repeat(people, SCENES), np.tile(np.arange(SCENES), len(people))
    side = np.where((identity + scene) % 2, 1, -1)[:, None]
    shots = sample_shots(SEED, identity, scene, np.sort(side * YAW[task], 1))
    shots = replace(shots, margin=np.full(len(shots), MARGIN), shift=np.zeros((len(shots), 2)))
    landmarks = load_basis().landmarks(shots.shape, shots.actions)
    x_s = cameras(shots, landmarks)(landmarks)[..., :2] * RENDER_SIZE - 0.5
    if task == "swap":
        y = render(shots, RENDER_SIZE).image
        made = [] if domain == "y" else _swaps(y, x_s)
    else:
        z = metric_depth(x_s)
        m = np.stack([frontal(*face, mean_head()) for face in zip(x_s, z, strict=True)])
        ahead = _looking_ahead(shots, landmarks, _moved(x_s, z, m))
        y = None if domain == "x" else render(ahead, RENDER_SIZE).image
        turned = () if domain == "y" else render(shots, RENDER_SIZE).image
        made = [background_row(*row) for row in zip(turned, x_s, z, m, strict=False)]
    rows = {} if domain == "x" else {"y": y}
    if domain != "y":
        rows["x"] = np.stack([x for x, _ in made])
    if domain == "both":
        rows |= {"truth": np.repeat(y, len(made) // len(y), 0), "inside": np.stack([inside for _, inside in made])}
    return {key: _shrunk(value, size) for key, value in rows.items()}


def background_row(image: np.ndarray, x_s: np.ndarray, z: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (H, W, 6) of one portrait and its face's place in it, uint8 (H, W) 0 or 255."""
    face = warp(image, x_s, z, m)
    return background_input(face, image, x_s), face[..., 3]


def swap_row(source: np.ndarray, x_s: np.ndarray, target: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (H, W, 3): the source's face, or its mirror image where that is closer in pose, on the target's, and its place.

    Pictures uint8 (H, W, 3) and (H2, W2, 3), keypoints (68, 2) in their pixels.
    """
    if mirror_is_closer(x_s, x_t, IBUG68):
        source, x_s = mirrored(source, x_s, IBUG68)
    z = metric_depth(x_s)
    face = warp(source, x_s, z, onto(x_s, z, x_t), size=target.shape[:2])
    return swap_input(face, target), face[..., 3]


def mean_head() -> np.ndarray:
    """(68, 3) the mean head's keypoints, frontal: what `frontal` turns faces to."""
    basis = load_basis()
    return basis.landmarks(np.zeros(len(basis.identity)), np.zeros(len(basis.actions)))


def _swaps(pictures: np.ndarray, x_s: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Every picture is a target twice: for the next person, and for the same person from another scene.

    Only the second has a true answer, the target itself; a row without one has nothing "inside".
    """
    rows = []
    for t in range(len(pictures)):
        person, scene = divmod(t, SCENES)
        for s in ((t + SCENES) % len(pictures), person * SCENES + (scene + 1) % SCENES):
            x, inside = swap_row(pictures[s], x_s[s], pictures[t], x_s[t])
            rows.append((x, inside if s // SCENES == person else np.zeros_like(inside)))
    return rows


def _looking_ahead(shots, landmarks: np.ndarray, goal: np.ndarray):
    """The same scenes with heads that look at the camera, framed so that the keypoints come to lie on ``goal``."""
    ahead = replace(shots, angles=np.zeros_like(shots.angles))
    seen = cameras(ahead, landmarks)(landmarks)[..., :2]
    centred = goal - goal.mean(1, keepdims=True)
    own = seen - seen.mean(1, keepdims=True)
    scale = (centred * own).sum((1, 2)) / np.square(own).sum((1, 2))
    offset = goal.mean(1) - scale[:, None] * seen.mean(1)
    return replace(ahead, margin=shots.margin / scale, shift=0.5 * scale[:, None] + offset - 0.5)


def _moved(x_s: np.ndarray, z: np.ndarray, m: np.ndarray) -> np.ndarray:
    """(M, 68, 2) keypoints after the affine, in [0, 1] of the picture."""
    points = np.concatenate([x_s, z[..., None], np.ones_like(z)[..., None]], -1)
    return (points @ np.swapaxes(m, 1, 2) + 0.5) / RENDER_SIZE


def _from_photos(task: str, faces: KeypointSet, size: int) -> Iterator[dict[str, np.ndarray]]:
    """Photos: turned ones become x, frontal ones y; for swaps every second is a target, the others are y."""
    if faces.image is None:
        raise InputError(faces.name, "has no pictures", f"choose a set that has, or {HEADS}:train")
    for i in tqdm(range(len(faces)), f"warping {faces.name}", unit="photo"):
        portrait = _portrait(faces, i)
        if task == "swap":
            if i % 2:
                yield {"y": _shrunk(portrait.image[None], size)}
            else:
                source = _portrait(faces, (i + 1) % len(faces))
                row, _ = swap_row(source.image, source.x_s, portrait.image, portrait.x_s)
                yield {"x": _shrunk(row[None], size)}
            continue
        m = frontal(portrait.x_s, portrait.z, mean_head())
        yaw = turned_by(m)
        low, high = YAW[task]
        if abs(yaw) < FRONT:
            yield {"y": _shrunk(portrait.image[None], size)}
        elif low <= abs(yaw) <= high:
            yield {"x": _shrunk(background_row(portrait.image, portrait.x_s, portrait.z, m)[0][None], size)}


def turned_by(m: np.ndarray) -> float:
    """Degrees of yaw that a frontalizing affine m (2, 4) takes back; positive: the nose was to the right."""
    a, b = m[:, :3]
    return -float(np.rad2deg(np.arctan2(a[2], np.cross(a, b)[2])))


def _portrait(faces: KeypointSet, i: int):
    image = faces.image(i)
    return make_portrait(image, faces.xy[i] * max(image.shape[:2]) - 0.5, RENDER_SIZE)


def _store(folder: Path, rows: Iterable[dict[str, np.ndarray]]) -> None:
    """One .npy an array, then set.json with their checksums: a folder without it is not finished."""
    parts: dict[str, list[np.ndarray]] = {}
    for row in rows:
        for key, value in row.items():
            parts.setdefault(key, []).append(value)
    if missing := {"x", "y"} - parts.keys():
        reason = f"gives no pictures for {missing.pop()} (turned faces are x, frontal ones y)"
        raise InputError(folder.name, reason, "bring more photos")
    folder.mkdir(parents=True, exist_ok=True)
    sums = {}
    for key, arrays in parts.items():
        path = folder / f"{key}.npy"
        np.save(path, np.concatenate(arrays))
        sums[key] = _checksum(path)
    write_json(folder / "set.json", {"sha256": sums})


def _open(folder: Path) -> dict[str, np.ndarray]:
    arrays = {}
    for key, wanted in json.loads((folder / "set.json").read_text())["sha256"].items():
        path = folder / f"{key}.npy"
        if not path.is_file() or _checksum(path) != wanted:
            raise InputError(path, "damaged or missing", f"delete the folder {folder}; it will be made again")
        arrays[key] = np.load(path, mmap_mode="r")
    if "inside" in arrays:
        arrays["inside"] = arrays["inside"] > 127
    return arrays


def _checksum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chunks(people: np.ndarray) -> list[np.ndarray]:
    return np.array_split(people, max(1, len(people) // _CHUNK))


def _shrunk(pictures: np.ndarray, size: int) -> np.ndarray:
    """uint8 (M, S, S[, C]) as small pictures, every pixel the mean of what it covers."""
    flat = pictures.reshape(*pictures.shape[:3], -1)
    small = [cv2.merge([cv2.resize(np.ascontiguousarray(c), (size, size), interpolation=cv2.INTER_AREA)
                        for c in np.moveaxis(p, -1, 0)]) for p in flat]  # fmt: skip
    return np.stack(small).reshape(len(pictures), size, size, *pictures.shape[3:])
