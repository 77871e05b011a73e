"""Faces a second of the detectors, on faces cut out already and on whole photos. `python -m benchmarks.keypoints`

On all cores of the machine; "crops" are 80 x 80 pixels for RCN, faces in known boxes of one photo for dlib.
"""

import os
import time

import numpy as np
import torch
from skimage.data import astronaut

from depthnet_lib.keypoints import find_face, points_in
from depthnet_lib.keypoints.boxes import find_boxes
from depthnet_lib.keypoints.rcn import SIZE, locate
from depthnet_lib.workers import worker_pool

SECONDS = 2.0  # for each number, at least


def rate(work, number: int) -> float:
    """Faces a second of a call that does ``number`` of them, after one call to warm up; the best of its rounds."""
    work()
    best, end = np.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return number / best


def rate_of_one_core(work, number: int) -> float:
    """Faces a second of processor time on one thread: the same on a machine that is busy with other things."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    work()
    best, end = np.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    torch.set_num_threads(threads)
    return number / best


def rate_of_processes() -> float:
    """RCN's crops a second of as many processes as there are cores, one thread each, as `depthnets keypoints` of a
    folder works."""
    cores = os.cpu_count() or 1
    with worker_pool(cores) as pool:
        list(pool.map(_one_process, [0.1] * cores))  # imports and weights
        return sum(pool.map(_one_process, [2 * SECONDS] * cores))


def _one_process(seconds: float) -> float:
    """Crops a second of this process over some seconds, the others working beside it."""
    crops, done, start = _crops(), 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        locate(crops)
        done += len(crops)
    return done / (time.perf_counter() - start)


def _crops() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (128, SIZE, SIZE), dtype=np.uint8)


def main() -> None:
    photo = astronaut()
    boxes = np.repeat(find_boxes(photo), 16, 0)
    crops = _crops()
    print(f"keypoints, faces a second, {torch.get_num_threads()} threads")
    print(f"  rcn, crops               {rate(lambda: locate(crops), len(crops)):6.0f}")
    print(f"  rcn, crops and flips     {rate(lambda: locate(crops, flip=True), len(crops)):6.0f}")
    print(f"  rcn, crops, {os.cpu_count()} processes  {rate_of_processes():6.0f}")
    jobs = {"rcn": (lambda: locate(crops), len(crops)), "dlib": (lambda: points_in(photo, boxes, "dlib"), len(boxes))}
    for detector, job in jobs.items():
        print(f"  {detector:4s}, crops, one thread  {rate_of_one_core(*job):6.0f} a second of processor time")
    for detector in ("rcn", "dlib"):
        print(f"  {detector:4s}, whole photos       {rate(lambda d=detector: find_face(photo, d), 1):6.1f}")


if __name__ == "__main__":
    main()
