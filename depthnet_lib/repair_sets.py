"""Pictures for repair, made by the kit's own pipeline: keypoints -> depth -> warp; made once, kept on disk.

Rendered heads serve by default: every picture has its true answer, the same person under the same light before the
same place, looking at the camera. Photos serve too, those of any keypoint set with pictures; they have no answers.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from .config import data_dir
from .datasets import KeypointSet, load
from .datasets.photo_folder import load_folder
from .errors import InputError
from .files import alone, replacing, write_json
from .heads import cameras, load_basis, sample_shots
from .heads.sampler import Shots
from .pipeline import (
    EXTREME,
    MARGIN,
    Portrait,
    frontal_affine,
    frontalize,
    make_portrait,
    metric_depth,
    swap_face,
    turned_by,
)
from .repair.inputs import background_input, laid, swap_input, without_face
from .warp import turned
from .warp.surroundings import surroundings
from .workers import worker_pool

HEADS = "heads"
SEED = 8
PEOPLE = {"train": (*range(320), *range(384, 1664)), "test": range(320, 384)}  # half of the first give x, half y
SCENES = 3  # of each person, in each range of poses
FRONT = 12.0  # degrees: a photo turned less counts as frontal
YAW = {"background": (FRONT, EXTREME), "extreme": (EXTREME, 75.0), "swap": (FRONT, EXTREME)}  # to either side
RENDER_SIZE = 128  # pixels; the pipeline works there, the network on what is left after shrinking
_CHUNK = 8  # people drawn at once
_PARTS = "parts"  # folder of chunks that are drawn, until all are
_FORMAT = 6  # of the stored arrays: another one does not read old folders


@dataclass(frozen=True)
class RepairSet:
    """Two unpaired domains: ``x`` uint8 (M, S, S, 6) warped, ``y`` (K, S, S, 3) true, of other people.

    Rendered heads know the answer too: ``truth`` (M, S, S, 3) is what F(x) should be and ``inside`` (M, S, S) its
    inner face; ``plain`` (M, S, S, 3) is the paper's own composite, hidden skin stretched and a swap in the source's
    colours. These are for scores only, no training sees them.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    truth: np.ndarray | None = None
    inside: np.ndarray | None = None
    plain: np.ndarray | None = None


def load_repair_set(task: str, name: str, size: int = 64, processes: int | None = None) -> RepairSet:
    """The set of a task of `YAW`: "heads:train", "heads:test", or of a keypoint set with pictures by name, or of a
    folder of photos, "FOLDER:train" and "FOLDER:test".

    Made on first use with a progress bar, in several processes, into `data_dir`; later runs map the files after their
    checksums were compared. Raises InputError for a damaged file and for a set that has too few pictures.
    """
    base, _, split = name.rpartition(":")
    if base == HEADS:  # they are drawn once for all tasks
        stem = f"{HEADS}-{split}-{len(PEOPLE.get(split, ()))}-people"
        make = lambda: _from_heads(split, size, processes, folder / _PARTS)  # noqa: E731
    elif base and Path(base).is_dir():
        stem, make = (
            _folder_name(task, Path(base), split),
            lambda: _from_photos(task, load_folder(Path(base), split), size),
        )
    else:
        stem, make = f"{task}-{name.replace(':', '-').replace('/', '-')}", lambda: _from_photos(task, load(name), size)
    folder = data_dir() / "repair" / f"{stem}-{size}-v{_FORMAT}"
    with alone(folder):
        if not (folder / "set.json").is_file():
            _store(folder, make())
    return RepairSet(f"{task} {name}", **_open(folder, task))


def _folder_name(task: str, folder: Path, split: str) -> str:
    """Another name as soon as a photo comes, goes or changes."""
    files = sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*"))
    return f"{task}-{folder.name}-{split}-{hashlib.sha256(repr(files).encode()).hexdigest()[:8]}"


def _from_heads(split: str, size: int, processes: int | None, parts: Path) -> Iterator[dict[str, np.ndarray]]:
    """Rows chunk by chunk. For training, half of the people give x and the others y; a test set has everybody's x and
    their answers, which are its y. Every chunk is kept in ``parts`` once it is drawn: killed, it goes on there."""
    if split not in PEOPLE:
        raise InputError(f"{HEADS}:{split}", "unknown split", f"write {HEADS}:train or {HEADS}:test")
    people = np.array(PEOPLE[split])
    domains = {"x": people[::2], "y": people[1::2]} if split == "train" else {"both": people}
    chunks = {domain: np.array_split(rows, max(1, len(rows) // _CHUNK)) for domain, rows in domains.items()}
    jobs = {parts / f"{d}-{i:04d}.npz": (d, rows, size) for d, some in chunks.items() for i, rows in enumerate(some)}
    missing = {path: job for path, job in jobs.items() if not path.is_file()}
    parts.mkdir(parents=True, exist_ok=True)
    with worker_pool(processes or os.cpu_count()) as pool:
        drawn = zip(missing, pool.map(head_rows, *zip(*missing.values(), strict=True)), strict=True)
        for path, rows in tqdm(drawn, f"drawing {split}", len(jobs), initial=len(jobs) - len(missing), unit="chunk"):
            with replacing(path) as part, open(part, "wb") as file:
                np.savez(file, **rows)
    for path in jobs:
        with np.load(path, allow_pickle=False) as rows:
            yield dict(rows)


def head_rows(domain: str, people: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Rows of some people for all tasks, uint8, by "task.array": x, or y, or for ``domain`` "both" x, y and answers."""
    some, far = (draw_scenes(people, YAW[task]) for task in ("background", "extreme"))
    rows = {}
    if domain != "y":
        made = {task: [background_row(face) for face in scenes.faces] for task, scenes in
                (("background", some), ("extreme", far))}  # fmt: skip
        made["swap"] = _swaps(some.faces)
        rows |= {f"{task}.x": [row[0] for row in pairs] for task, pairs in made.items()}
    if domain == "y":
        rows |= {"background.y": some.answers().pictures, "swap.y": some.pictures}
    if domain == "both":
        answers = {
            "background": some.answers().pictures,
            "extreme": far.answers().pictures,
            "swap": np.repeat(some.pictures, 2, 0),
        }
        rows |= {f"{task}.truth": pictures for task, pictures in answers.items()}
        rows |= {f"{task}.inside": [row[1] for row in pairs] for task, pairs in made.items()}
        rows |= {f"{task}.plain": [row[2] for row in pairs] for task, pairs in made.items()}
    return {key: _shrunk(np.stack(value), size) for key, value in rows.items()}


def draw_scenes(people: np.ndarray, yaw: tuple[float, float], scenes: int = SCENES, size: int = RENDER_SIZE):
    """Scenes of people turned to one side or the other by degrees in a range: portraits with all their hair."""
    identity, scene = np.repeat(people, scenes), np.tile(np.arange(scenes), len(people))
    side = np.where((identity + scene) % 2, 1, -1)[:, None]
    shots = sample_shots(SEED, identity, scene, np.sort(side * yaw, 1), margin=(MARGIN, MARGIN))
    return Scenes(replace(shots, shift=np.zeros((len(shots), 2))), size)


@dataclass(frozen=True)
class Scenes:
    """M heads before their places under their lights, drawn when they are asked for; keypoints x_s (M, 68, 2) and
    metric depth z (M, 68) in pixels, pictures (M, size, size, 3)."""

    shots: Shots
    size: int

    @cached_property
    def x_s(self) -> np.ndarray:
        landmarks = load_basis().landmarks(self.shots.shape, self.shots.actions)
        return cameras(self.shots, landmarks)(landmarks)[..., :2] * self.size - 0.5

    @cached_property
    def z(self) -> np.ndarray:
        return metric_depth(self.x_s)

    @cached_property
    def pictures(self) -> np.ndarray:
        from .heads.render import render  # opens OpenGL

        return render(self.shots, self.size).image

    @cached_property
    def faces(self) -> list[Portrait]:
        return [Portrait(*face) for face in zip(self.pictures, self.x_s, self.z, strict=True)]

    def moved(self, m: np.ndarray) -> np.ndarray:
        """(M, 68, 2) where affines m (M, 2, 4) put the keypoints."""
        return np.stack([turned(*face)[:, :2] for face in zip(self.x_s, self.z, m, strict=True)])

    def answers(self) -> "Scenes":
        """The same scenes with heads that look at the camera, where `frontalize` puts the turned ones."""
        m = np.stack([frontal_affine(*face) for face in zip(self.x_s, self.z, strict=True)])
        return self.facing(0).framed(self.moved(m))

    def facing(self, angles: np.ndarray | float) -> "Scenes":
        """The same scenes with heads at angles (M, 3): yaw, pitch, roll in degrees."""
        return Scenes(self.shots.facing(angles), self.size)

    def framed(self, goal: np.ndarray) -> "Scenes":
        """The same scenes, shifted and scaled so that the keypoints come to lie on ``goal`` (M, 68, 2)."""
        goal, seen = ((p + 0.5) / self.size for p in (goal, self.x_s))
        centred, goal_centred = (p - p.mean(1, keepdims=True) for p in (seen, goal))
        scale = (goal_centred * centred).sum((1, 2)) / np.square(centred).sum((1, 2))
        middle = goal.mean(1) + scale[:, None] * (0.5 + self.shots.shift - seen.mean(1))
        return Scenes(replace(self.shots, margin=self.shots.margin / scale, shift=middle - 0.5), self.size)


def background_row(portrait: Portrait) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (H, W, 6) of a portrait; its frontalized face's place, uint8 (H, W) 0 or 255; and the paper's composite
    (H, W, 3), whose hidden skin is stretched and whose surroundings stay, where x has lent and bent them."""
    image, x_s, z = portrait.image, portrait.x_s, portrait.z
    face, stretched = (frontalize(portrait, "keypoints", fill).face for fill in (True, False))
    x = background_input(face, *surroundings(image, x_s, z, frontal_affine(x_s, z)))
    return x, face[..., 3], laid(stretched, without_face(image, x_s))


def swap_row(source: Portrait, target: Portrait) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (H, W, 6) of the source's face on the target's; its place, uint8 (H, W) 0 or 255; and the paper's composite
    (H, W, 3), stretched and pasted in the source's own colours."""
    pasted, warped = swap_face(source, target.image, target.x_s, mesh="keypoints")
    plain, _ = swap_face(source, target.image, target.x_s, mesh="keypoints", fill=False, blend="plain")
    return swap_input(pasted, target.image, target.x_s), warped.face[..., 3], plain


def _swaps(faces: list[Portrait]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Every picture is a target twice: for the next person, and for the same person from another scene.

    Only the second has a true answer, the target itself; a row without one has nothing "inside".
    """
    rows = []
    for t, target in enumerate(faces):
        person, scene = divmod(t, SCENES)
        x, place, plain = swap_row(faces[(t + SCENES) % len(faces)], target)
        rows.append((x, np.zeros_like(place), plain))
        rows.append(swap_row(faces[person * SCENES + (scene + 1) % SCENES], target))
    return rows


def _from_photos(task: str, faces: KeypointSet, size: int) -> Iterator[dict[str, np.ndarray]]:
    """Photos: turned ones become x, frontal ones y; for swaps every second is a target, the others are y."""
    if faces.image is None:
        raise InputError(faces.name, "has no pictures", f"choose a set that has, or {HEADS}:train")
    for i in tqdm(range(len(faces)), f"warping {faces.name}", unit="photo"):
        portrait = _portrait(faces, i)
        if task == "swap":
            if i % 2:
                yield {f"{task}.y": _shrunk(portrait.image[None], size)}
            else:
                yield {f"{task}.x": _shrunk(swap_row(_portrait(faces, (i + 1) % len(faces)), portrait)[0][None], size)}
            continue
        yaw = turned_by(frontal_affine(portrait.x_s, portrait.z))
        low, high = YAW[task]
        if abs(yaw) < FRONT:
            yield {f"{task}.y": _shrunk(portrait.image[None], size)}
        elif low <= abs(yaw) <= high:
            yield {f"{task}.x": _shrunk(background_row(portrait)[0][None], size)}


def _portrait(faces: KeypointSet, i: int) -> Portrait:
    image = faces.image(i)
    return make_portrait(image, faces.xy[i] * max(image.shape[:2]) - 0.5, RENDER_SIZE)


def _store(folder: Path, rows: Iterable[dict[str, np.ndarray]]) -> None:
    """One .npy an array, then set.json with their checksums: a folder without it is not finished."""
    parts: dict[str, list[np.ndarray]] = {}
    for row in rows:
        for key, value in row.items():
            parts.setdefault(key, []).append(value)
    for domains, faces in {(".x",): "warped", (".y", ".truth"): "true"}.items():
        if not any(key.endswith(domains) for key in parts):
            raise InputError(folder.name, f"has no {faces} face for this task", "bring more photos, turned and frontal")
    folder.mkdir(parents=True, exist_ok=True)
    sums = {}
    for key, arrays in parts.items():
        path = folder / f"{key}.npy"
        with replacing(path) as part, open(part, "wb") as file:
            np.save(file, np.concatenate(arrays))
        sums[key] = _checksum(path)
    write_json(folder / "set.json", {"sha256": sums})
    shutil.rmtree(folder / _PARTS, ignore_errors=True)


def _open(folder: Path, task: str) -> dict[str, np.ndarray]:
    """The arrays of a task; what it shares with background synthesis is stored there."""
    arrays = {}
    for key, wanted in json.loads((folder / "set.json").read_text())["sha256"].items():
        owner, name = key.split(".")
        if owner != task and not (owner == "background" and name == "y" and task == "extreme"):
            continue
        path = folder / f"{key}.npy"
        if not path.is_file() or _checksum(path) != wanted:
            raise InputError(path, "damaged or missing", f"delete the folder {folder}; it will be made again")
        arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
    if "truth" in arrays:
        arrays |= {"y": arrays["truth"], "inside": arrays["inside"] > 127}
    return arrays


def _checksum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shrunk(pictures: np.ndarray, size: int) -> np.ndarray:
    """uint8 (M, S, S[, C]) as small pictures, every pixel the mean of what it covers."""
    flat = pictures.reshape(*pictures.shape[:3], -1)
    small = [cv2.merge([cv2.resize(np.ascontiguousarray(c), (size, size), interpolation=cv2.INTER_AREA)
                        for c in np.moveaxis(p, -1, 0)]) for p in flat]  # fmt: skip
    return np.stack(small).reshape(len(pictures), size, size, *pictures.shape[3:])
