"""Milliseconds from a drag to the new picture, at 128 pixels. `python -m benchmarks.widgets`"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

import numpy as np
from skimage.data import astronaut

from depthnet_lib.datasets import load
from depthnet_lib.keypoints import points_in
from depthnet_lib.keypoints.boxes import find_boxes
from depthnet_lib.pipeline import read_portrait
from depthnet_lib.warp import turn, turned
from depthnet_lib.widgets import (
    branch_widget,
    depths_widget,
    detector_widget,
    explorer_widget,
    gauge_widget,
    turn_widget,
)
from depthnet_lib.widgets.training import training_widget

SIZE = 128
MOVES = 100


def drag(step) -> tuple[float, float]:
    """Median and worst of many small moves, in milliseconds, after one to warm up."""
    step(0)
    seconds = []
    for i in range(1, MOVES + 1):
        start = time.perf_counter()
        step(i)
        seconds.append(time.perf_counter() - start)
    return 1e3 * float(np.median(seconds)), 1e3 * max(seconds)


def main() -> None:
    portrait = read_portrait(astronaut(), size=SIZE)
    target = turned(portrait.x_s, portrait.z, turn(portrait.x_s, portrait.z, 25, 5))[:, :2]
    _, row = explorer_widget(portrait, {"turned": target}).children
    _, (profile, _), (_, *numbers) = (box.children for box in row.children)
    yaw = turn_widget(portrait).children[1].children[0]
    depth = list(profile.z)
    faces = load("anny:test")
    gauge_a = gauge_widget(faces.xy[80], faces.z[80], faces.xy[190]).children[0].children[0]
    keypoint = depths_widget(faces, {"DepthNet": "pinv"}).children[0].children[2]
    epoch = training_widget(load("anny:train")[:400], faces[[80, 190]]).children[1]
    photo = astronaut()
    points = points_in(photo, find_boxes(photo)[:1], "dlib")[0]
    crop = np.stack([portrait.image[24:104, 24:104, 1]] * 2)
    crop[1] = crop[1, :, ::-1]
    face = branch_widget(crop, np.full((2, 68, 2), 40.0)).children[0].children[0]
    tilt = detector_widget(photo, points).children[0]
    moves = {
        "explorer, depth of a point": lambda i: setattr(profile, "z", [*depth[:30], depth[30] + i / 10, *depth[31:]]),
        "explorer, m1": lambda i: setattr(numbers[0], "value", 1 + i / 100),
        "turn, yaw": lambda i: setattr(yaw, "value", -50 + i),
        "gauge, a (three plots)": lambda i: setattr(gauge_a, "value", -2 + i / 25),
        "training, epoch (three plots)": lambda i: setattr(epoch, "value", i % 13),
        "branches of rcn, face (six maps)": lambda i: setattr(face, "value", i % 2),
        "detectors, tilt (dlib and rcn)": lambda i: setattr(tilt, "value", -45 + 5 * (i % 18)),
        "depths, keypoint (three plots)": lambda i: setattr(keypoint, "value", i % 68),
    }
    for name, step in moves.items():
        median, worst = drag(step)
        print(f"{name:33s} {median:6.1f} ms in the median, {worst:6.1f} at worst")


if __name__ == "__main__":
    main()
