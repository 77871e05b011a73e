"""What every data set becomes: keypoints, and where they are known depth, pose, identity and pictures."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files import replacing
from ..heads.sampler import TURNED
from ..layouts import Layout, layout_of

FEWEST = 4  # keypoints: an affine needs as many
_FAR = 10.0  # sides of the picture: what is farther was given in pixels
POSES = ("left", "front", "right")


@dataclass(frozen=True)
class KeypointSet:
    """M faces of N keypoints.

    ``xy`` (M, N, 2) in [0, 1] of a square picture, y down; ``z`` (M, N) in the same unit, toward the viewer;
    ``pose`` (M,) of "left", "front", "right" (the side of the picture that the nose points to); ``identity`` (M,)
    integers; ``hidden`` (M, N) True where a point cannot be seen; ``image(i)`` the RGB uint8 picture (H, W, 3) of
    face i, whose longer side is the unit of xy. What a set does not know is None. ``shareable`` is False where the
    licence keeps the pictures out of notebooks and figures. ``near`` and ``far`` are points that the set itself names
    for a layout that knows none (see `layouts.Layout`).
    """

    name: str
    xy: np.ndarray
    z: np.ndarray | None = None
    pose: np.ndarray | None = None
    identity: np.ndarray | None = None
    hidden: np.ndarray | None = None
    image: Callable[[int], np.ndarray] | None = None
    shareable: bool = True
    near: tuple[int, ...] = ()
    far: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def layout(self) -> Layout:
        layout = layout_of(self.xy.shape[1])
        return replace(layout, near=self.near, far=self.far) if self.near and self.far else layout

    def picture(self, i: int) -> np.ndarray | None:
        """The picture of face i for a notebook or a figure: None where there is none or it may not be shown."""
        return self.image(i) if self.image and self.shareable else None

    def __getitem__(self, index) -> "KeypointSet":
        """The faces at an index array, mask or slice."""
        rows = np.arange(len(self))[index]
        take = {k: v[rows] for k in ("xy", "z", "pose", "identity", "hidden") if (v := getattr(self, k)) is not None}
        image = self.image and (lambda i: self.image(int(rows[i])))
        return replace(self, **take, image=image)


def joined(name: str, a: KeypointSet, b: KeypointSet) -> KeypointSet:
    """The faces of a, then those of b: two splits of one set."""
    arrays = {k: getattr(a, k) for k in ("xy", "z", "pose", "identity", "hidden")}
    both = {k: np.concatenate([v, getattr(b, k)]) for k, v in arrays.items() if v is not None}
    image = a.image and (lambda i: a.image(i) if i < len(a) else b.image(i - len(a)))
    return replace(a, name=name, image=image, **both)


def pose_of_yaw(degrees: np.ndarray) -> np.ndarray:
    """ "left", "front" or "right" of yaw (M,) in degrees: positive turns the nose to the picture's right."""
    return np.where(degrees < -TURNED, "left", np.where(degrees > TURNED, "right", "front"))


def yaw_of(points: np.ndarray) -> np.ndarray:
    """Yaw (M,) in degrees of 3D faces (M, 68 or 66, 3), z toward the viewer, from the axis through the mirror pairs."""
    mirror = np.array(layout_of(points.shape[1]).mirror)
    right = np.flatnonzero(mirror > np.arange(len(mirror)))  # in iBUG's order the person's right comes first
    axis = (points[:, mirror[right]] - points[:, right]).mean(1)
    return np.degrees(np.arctan2(-axis[:, 2], np.linalg.norm(axis[:, :2], axis=1)))


def in_test(key: object, one_in: int = 5) -> bool:
    """Whether an identity belongs to the test split, for sets whose publisher made none: one in five, for ever the
    same whatever else is in the folder, because it is read off the checksum of the identity's name."""
    return zlib.crc32(str(key).encode()) % one_in == 0


def save_npz(faces: KeypointSet, path: Path) -> None:
    """Write a set, without its pictures, as an .npz that `load_npz` and ``--data FILE.npz`` read."""
    known = {k: v for k in ("xy", "z", "pose", "identity", "hidden") if (v := getattr(faces, k)) is not None}
    with replacing(path) as part, open(part, "wb") as file:
        np.savez_compressed(file, **known)


def load_npz(path: Path) -> KeypointSet:
    """Read and check a set from an .npz with ``xy`` and optionally the other arrays of a `KeypointSet`."""
    path = Path(path)
    if not path.is_file():
        raise InputError(path, "no such file", "give a registered name (depthnets data list) or an .npz")
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            known = {"xy", "z", "pose", "identity", "hidden", "near", "far"}.intersection(file.files)
            arrays = {k: np.asarray(file[k]) for k in known}
    except Exception as error:  # damaged and forged ones fail in nearly any way
        why = " ".join(str(error).split()) or type(error).__name__
        raise InputError(path, f"not a readable .npz ({why})", "save it with numpy.savez, plain arrays") from None
    return KeypointSet(str(path), **_checked(path, arrays))


def _checked(path: Path, arrays: dict) -> dict:
    remedy = "expected xy (M, N, 2) in [0, 1], z (M, N), pose (M,) of left/front/right, identity (M,)"
    if "xy" not in arrays:
        raise InputError(path, "has no array 'xy'", remedy)
    shape = arrays["xy"].shape
    if len(shape) != 3 or shape[2] != 2 or shape[0] < 1:
        raise InputError(path, f"xy has shape {shape}", remedy)
    wanted = {"z": shape[:2], "hidden": shape[:2], "pose": shape[:1], "identity": shape[:1]}
    for key, expected in wanted.items():
        if key in arrays and arrays[key].shape != expected:
            raise InputError(path, f"{key} has shape {arrays[key].shape} where {expected} was expected", remedy)
    if shape[1] < FEWEST:
        raise InputError(path, f"{shape[1]} keypoints a face, and an affine needs at least {FEWEST}", remedy)
    for key in ("near", "far"):
        if key in arrays:
            arrays[key] = _points(path, key, arrays[key], shape[1])
    for key in ("xy", "z"):
        if key in arrays:
            arrays[key] = _finite(path, key, arrays[key], remedy)
    if not (spread := np.ptp(arrays["xy"], 1).any(1)).all():
        raise InputError(path, f"face {spread.argmin()} has all its points in one place", "remove that face")
    if "identity" in arrays:
        arrays["identity"] = _numbered(path, arrays["identity"], remedy)
    if "pose" in arrays:
        arrays["pose"] = arrays["pose"].astype(str)
        if unknown := set(arrays["pose"].tolist()) - set(POSES):
            raise InputError(path, f"pose has the value {sorted(unknown)[0]!r}", remedy)
    return arrays


def _finite(path: Path, key: str, values: np.ndarray, remedy: str) -> np.ndarray:
    if values.dtype.kind not in "fiu":
        raise InputError(path, f"{key} is not numeric", remedy)
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        bad = int(np.argwhere(~np.isfinite(values))[0][0])
        raise InputError(path, f"{key} has a NaN or infinite value in face {bad}", "remove or repair that face")
    if np.abs(values).max(initial=0) > _FAR:
        reason = f"{key} reaches {np.abs(values).max():.4g} where the picture's side is 1"
        raise InputError(path, reason, "divide pixels by the longer side of the picture")
    return values


def _points(path: Path, key: str, points: np.ndarray, count: int) -> tuple[int, ...]:
    """Indices of keypoints, one or more."""
    points = np.atleast_1d(points)
    if (
        points.ndim != 1
        or points.dtype.kind not in "iu"
        or not len(points)
        or points.min() < 0
        or points.max() >= count
    ):
        raise InputError(path, f"{key} does not name points", f"give indices from 0 to {count - 1}")
    return tuple(points.tolist())


def _numbered(path: Path, identity: np.ndarray, remedy: str) -> np.ndarray:
    """Identities as integers: those of names or fractions are numbered in their order."""
    if identity.dtype.kind in "iu":
        return identity
    if identity.dtype.kind not in "USf" or (identity.dtype.kind == "f" and not np.isfinite(identity).all()):
        raise InputError(path, "identity is not a number or name of each face", remedy)
    return np.unique(identity, return_inverse=True)[1]
