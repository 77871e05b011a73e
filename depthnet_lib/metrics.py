"""Scores of sections 3.1 and 3.2 over many pairs of faces, and the scores that see past pose and gauge.

MSE is the mean over the 2 N coordinates of a pair of the squared error, in the squared unit of the keypoints.
MSE_norm, which the paper does not define, is taken as the mean over keypoints of the distance to the target, in
percent of the target's interocular distance (between eye centres): its numbers in table 1 grow with the square root of
MSE, as a distance does.
DepthCorr is the sum over keypoints of |correlation| between predicted and true depth over pairs, both centred a face.
"""

import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from .affine import apply_affine, off_plane, plane_basis, solve_affine_2d, solve_similarity, to_unit
from .datasets.base import POSES, KeypointSet
from .datasets.tensors import as_faces
from .depth_model import DepthModel, Faces, Prediction, encode_all
from .errors import InputError
from .layouts import Layout

CHUNK = 4096  # pairs at a time: their arrays stay in the processor's cache


def ordered_pairs(data: KeypointSet, kind: str = "all") -> Tensor:
    """(P, 2) indices of source and target: all ordered pairs of different faces, or those of one identity."""
    if kind == "all":
        i, j = np.divmod(np.arange(len(data) ** 2), len(data))
        return torch.from_numpy(np.stack([i, j], 1)[i != j])
    if kind != "identity":
        raise InputError(f"--pairs {kind}", "unknown kind", "use all or identity")
    if data.identity is None:
        raise InputError(data.name, "does not say who is who", "use --pairs all")
    order = np.argsort(data.identity, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(data.identity[order])) + 1)
    grids = [np.stack(np.meshgrid(g, g, indexing="ij"), -1).reshape(-1, 2) for g in groups]
    pairs = np.concatenate(grids)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if not len(pairs):
        raise InputError(data.name, "has one face of each identity", "use --pairs all")
    return torch.from_numpy(pairs)


def predict_pairs(
    model: DepthModel, faces: Faces, pairs: Tensor, progress: bool = False
) -> Iterator[tuple[Tensor, Prediction]]:
    """Yield (rows of ``pairs``, their predictions); what belongs to one face is computed once."""
    model.eval()
    with torch.inference_mode():
        faces = encode_all(model, faces)
        chunks = pairs.split(CHUNK)
        for rows in tqdm(chunks, "pairs", unit_scale=CHUNK, disable=not progress, delay=2):
            yield rows, model(faces[rows[:, 0]], faces[rows[:, 1]])


def estimated_depths(model: DepthModel, data: KeypointSet, kind: str = "all") -> tuple[Tensor, Tensor, Tensor]:
    """Pairs (P, 2), and for their sources the estimated and the true depth (P, N), both centred a face.

    Raises InputError where the set has no true depth.
    """
    if data.z is None:
        raise InputError(data.name, "has no true depth", "choose another set")
    faces, pairs = as_faces(data, images=model.needs_images), ordered_pairs(data, kind)
    centred = lambda z: z - z.mean(-1, keepdim=True)  # noqa: E731
    parts = [centred(p.z).expand(len(rows), -1) for rows, p in predict_pairs(model, faces, pairs)]
    return pairs, torch.cat(parts), centred(faces.z)[pairs[:, 0]]


def pair_mse(x_n: Tensor, x_t: Tensor) -> Tensor:
    """(...) mean squared error over the 2 N coordinates of pairs (..., N, 2)."""
    return (x_n - x_t).square().mean((-2, -1))


def interocular(xy: Tensor, layout: Layout) -> Tensor:
    """(...) distance between the eye centres of faces (..., N, 2)."""
    right, left = (xy[..., list(eye), :].mean(-2) for eye in layout.eyes)
    return (right - left).norm(dim=-1)


def affine2d_mse(x_s: Tensor, x_t: Tensor) -> Tensor:
    """(...) MSE that the best 2D affine leaves (model 1 of table 1)."""
    return pair_mse(apply_affine(x_s, torch.zeros_like(x_s[..., 0]), solve_affine_2d(x_s, x_t)), x_t)


class DepthCorr:
    """Running sums of predicted against true depth, a row for each of the 3 x 3 cells (source pose, target pose)."""

    def __init__(self, n_cells: int, n_keypoints: int):
        self.sums = torch.zeros(n_cells, 6, n_keypoints, dtype=torch.float64)

    def add(self, cell: Tensor, predicted: Tensor, true: Tensor) -> None:
        """``cell`` (P,), ``predicted`` and ``true`` (P, N), centred a face."""
        p, t = predicted.double(), true.double()
        terms = torch.stack([torch.ones_like(p), p, t, p * p, t * t, p * t], 1)
        self.sums.index_add_(0, cell, terms)

    def correlations(self, cells: list[int]) -> Tensor:
        """(N,) correlation of each keypoint over the pairs of some cells; 0 where a depth does not vary."""
        n, p, t, pp, tt, pt = self.sums[cells].sum(0)
        n = n.clamp_min(1)
        covariance, vp, vt = pt - p * t / n, pp - p * p / n, tt - t * t / n
        varies = (vp > 1e-12 * pp) & (vt > 1e-12 * tt)
        return torch.where(varies, covariance / (vp * vt).clamp_min(1e-300).sqrt(), 0.0)

    def score(self, cells: list[int]) -> float:
        return float(self.correlations(cells).abs().sum())


def evaluate(model: DepthModel, data: KeypointSet, pairs: str = "all", progress: bool = False) -> dict:
    """All scores of a model on a data set, as `depthnets evaluate --json` writes them (without model and data names).

    Scores of depth are None where the set has no true depth, and the pose grid is empty where it has no poses.
    """
    started = time.perf_counter()
    index = ordered_pairs(data, pairs)
    faces = as_faces(data, images=model.needs_images)
    xy, z = faces.xy, faces.z
    pose = np.zeros(len(data), int) if data.pose is None else np.array([POSES.index(p) for p in data.pose])
    cells = torch.from_numpy(pose[index[:, 0]] * 3 + pose[index[:, 1]])
    errors, distances, corr = [], [], DepthCorr(9, data.xy.shape[1])
    depth, uses = torch.zeros_like(xy[..., 0]), torch.zeros(len(data), 1)
    start = 0
    for rows, prediction in predict_pairs(model, faces, index, progress):
        x_t, x_n = xy[rows[:, 1]], prediction.x_n
        errors.append(pair_mse(x_n, x_t))
        if data.layout.eyes:
            distances.append((x_n - x_t).norm(dim=-1).mean(-1) / interocular(x_t, data.layout))
        if z is not None:
            predicted = (prediction.z - prediction.z.mean(-1, keepdim=True)).expand(len(rows), -1)
            corr.add(cells[start : start + len(rows)], predicted, z[rows[:, 0]])
            depth.index_add_(0, rows[:, 0], predicted)
            uses.index_add_(0, rows[:, 0], torch.ones(len(rows), 1))
        start += len(rows)
    mse = torch.cat(errors).double()
    flat, least = _bounds(xy, index)
    scores = {
        "n_keypoints": data.xy.shape[1],
        "pairs": len(index),
        "mse": {"mean": float(mse.mean()), "std": float(mse.std())},
        "mse_norm": 100 * float(torch.cat(distances).double().mean()) if distances else None,
        **_depth_scores(corr, xy, z, depth / uses.clamp_min(1), data.pose is not None),
        "affine2d_mse": flat,
        "optimum_mse": least,
    }
    return scores | {"seconds": round(time.perf_counter() - started, 3)}


def _bounds(xy: Tensor, pairs: Tensor) -> tuple[float, float]:
    """Mean MSE of the 2D affine and of each pair's own best depth (`geometry.pair_optimum`): what every model lies
    between. The first is |E|^2 / 2N, the second the smaller eigenvalue of E^T E / 2N, E what no plane explains."""
    basis, centred = plane_basis(xy), xy - xy.mean(-2, keepdim=True)
    both = torch.zeros(2, dtype=torch.float64)
    for rows in pairs.split(CHUNK):
        x, y = off_plane(basis[rows[:, 0]], centred[rows[:, 1]]).unbind(-1)
        xx, yy, xy_ = x.square().sum(-1), y.square().sum(-1), (x * y).sum(-1)
        gap = ((xx - yy).square() + 4 * xy_.square()).sqrt()
        both += torch.stack([xx + yy, (xx + yy - gap) / 2]).double().sum(-1)
    return tuple((both / (len(pairs) * 2 * xy.shape[-2])).tolist())


def _depth_scores(corr: DepthCorr, xy: Tensor, z: Tensor | None, depth: Tensor, has_pose: bool) -> dict:
    if z is None:
        return dict.fromkeys(("depthcorr", "depthcorr_all", "per_face_r", "identity_r", "gauge_free_r"))
    grid = {}
    for s, source in enumerate(POSES if has_pose else ()):
        cells = {target: corr.score([3 * s + t]) for t, target in enumerate(POSES)}
        grid[source] = cells | {"avg": sum(cells.values()) / 3}
    face = face_correlations(depth, z)
    identity, free = identity_scores(xy, z, depth)
    return {
        "depthcorr": grid,
        "depthcorr_all": corr.score(list(range(9))),
        "per_face_r": {
            "median": float(face.median()),
            "p10": float(face.quantile(0.1)),
            "negative_fraction": float((face < 0).double().mean()),
        },
        "identity_r": identity,
        "gauge_free_r": free,
    }


def face_correlations(predicted: Tensor, true: Tensor) -> Tensor:
    """(M,) correlation over the keypoints of each face, predicted and true depth (M, N); 0 for flat faces."""
    p, t = (v.double() - v.double().mean(1, keepdim=True) for v in (predicted, true))
    norm = (p.square().sum(1) * t.square().sum(1)).sqrt()
    return torch.where(norm > 1e-12, (p * t).sum(1) / norm.clamp_min(1e-300), 0.0)


def mean_head(shapes: Tensor, rounds: int = 10) -> Tensor:
    """(N, 3) generalised Procrustes mean of centred 3D faces (M, N, 3), of unit size."""
    mean = shapes[0]
    for _ in range(rounds):
        scale, rotation, _ = solve_similarity(shapes, mean)
        mean = (scale[:, None, None] * shapes @ rotation.mT).mean(0)
        mean = mean / mean.square().sum(1).mean().sqrt()
    return mean


def posed_mean_head(xy: Tensor, z: Tensor) -> Tensor:
    """(M, N) depth of the set's mean head under the best similarity to each true face, centred, in unit coordinates."""
    unit, _, scale = to_unit(xy.double())
    z = z.double()
    shapes = torch.cat([unit, ((z - z.mean(1, keepdim=True)) / scale[..., 0])[..., None]], -1)
    mean = mean_head(shapes)
    size, rotation, _ = solve_similarity(mean.expand_as(shapes), shapes)
    return size[:, None] * (mean @ rotation.mT)[..., 2]


def identity_scores(xy: Tensor, z: Tensor, predicted: Tensor) -> tuple[float, float]:
    """How much of the person a depth tells: one correlation over all faces and keypoints of predicted and true depth
    (M, N) after the posed mean head is taken from both; then the same after the best gauge a, b, c, e of each face."""
    unit, _, scale = to_unit(xy.double())
    centred = lambda v: (v.double() - v.double().mean(1, keepdim=True)) / scale[..., 0]  # noqa: E731
    true, guess, head = centred(z), centred(predicted), posed_mean_head(xy, z)
    basis = torch.cat([unit, guess[..., None], torch.ones_like(guess)[..., None]], -1)
    free = (basis @ (torch.linalg.pinv(basis) @ true[..., None]))[..., 0]
    r = lambda p: float(torch.corrcoef(torch.stack([(p - head).flatten(), (true - head).flatten()]))[0, 1])  # noqa: E731
    return r(guess), r(free)
