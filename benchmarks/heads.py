"""Rendered heads: pictures a second, and what dlib, trained on photos, makes of them. `python -m benchmarks.heads`

Speed is that of one process with one thread; albums (`depthnet_lib.heads.album`) are drawn by one such process a core.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

import dlib
import face_recognition_models
import numpy as np

from depthnet_lib.heads import sample_shots
from depthnet_lib.heads.render import render
from depthnet_lib.layouts import IBUG68

SIZES = (80, 96, 128, 256)
PEOPLE, SHOTS = 8, 8
FRONTAL = 200


def speed() -> None:
    shots = sample_shots(0, np.repeat(np.arange(PEOPLE), SHOTS), np.tile(np.arange(SHOTS), PEOPLE))
    render(shots[[0]], SIZES[0])
    print(f"{SHOTS} pictures a person     size   a second   CPU ms")
    for size in SIZES:
        wall, cpu = time.perf_counter(), time.process_time()
        render(shots, size)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{size:27d} {len(shots) / wall:10.1f} {1000 * cpu / len(shots):8.1f}")


def agreement() -> None:
    """Share of frontal faces found at 256 pixels; errors of dlib's points in outer interocular distances."""
    detect = dlib.get_frontal_face_detector()
    predict = dlib.shape_predictor(face_recognition_models.pose_predictor_model_location())
    offsets = []
    shots = sample_shots(5, np.arange(FRONTAL), 0, (-20.0, 20.0))
    for start in range(0, FRONTAL, 20):
        pictures = render(shots[start : start + 20], 256)
        for image, xy in zip(pictures.image, pictures.xy * 256 - 0.5, strict=True):
            middle = xy.mean(0)
            boxes = [b for b in detect(image, 0) if b.contains(dlib.point(*middle.astype(int)))]
            if boxes:
                points = np.array([(p.x, p.y) for p in predict(image, boxes[0]).parts()])
                offsets.append((points - xy) / np.linalg.norm(xy[36] - xy[45]))
    offsets = np.array(offsets)
    error = np.linalg.norm(offsets, axis=-1)
    constant = (np.median(offsets, 0) + np.median(offsets, 0)[list(IBUG68.mirror)] * [-1, 1]) / 2
    print(f"dlib finds {len(offsets)} of {FRONTAL} frontal faces; median error in % of interocular distance:")
    print(f"  all: {100 * np.median(error):.1f}", end="")
    for name, rows in (("jaw", range(17)), ("brows", range(17, 27)), ("inner", range(27, 68))):
        print(f", {name}: {100 * np.median(error[:, rows]):.1f}", end="")
    far = [i for i in np.argsort(-np.linalg.norm(constant, axis=1)) if i <= IBUG68.mirror[i]][:12]
    listed = (f"{i}: {x:.0f} {y:.0f};" for i in far for x, y in [100 * constant[i]])
    print("\n  largest constant offsets, x y in %:", *listed)


if __name__ == "__main__":
    speed()
    agreement()
