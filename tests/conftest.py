"""Shared fixtures: rigid toy faces with known depth, and the folder of real data beside the clone."""

import socket
from pathlib import Path

import numpy as np
import pytest
import torch

from depthnet_lib.datasets import KeypointSet
from depthnet_lib.layouts import IBUG68

torch.set_num_threads(1)  # small matrices, and the tests themselves run on all cores

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """No test may reach beyond this machine: after the installation, everything works offline."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test reached for the network: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def shared_data():
    """A folder of the real data sets; tests that need it skip where it is absent."""

    def folder(name: str) -> Path:
        if not (SHARED / name).exists():
            pytest.skip(f"{name} is not beside the clone")
        return SHARED / name

    return folder


def toy_faces(count: int, seed: int = 0, n_keypoints: int = 68, shots: int = 1) -> KeypointSet:
    """Turned heads around one bulging template, seen from afar: pose, identity and depth are known."""
    rng = np.random.default_rng(seed)
    flat = IBUG68.template if n_keypoints == 68 else rng.uniform(-1, 1, (n_keypoints, 2))
    mean = np.c_[flat, 0.6 - (flat**2).sum(1)]
    people = mean + 0.05 * rng.normal(size=(-(-count // shots), *mean.shape))
    identity = np.repeat(np.arange(len(people)), shots)[:count]
    yaw, pitch = rng.uniform(-0.9, 0.9, count), rng.uniform(-0.3, 0.3, count)
    xyz = np.stack([_turn(people[i], a, b) for i, a, b in zip(identity, yaw, pitch, strict=True)])
    xyz *= rng.uniform(0.2, 0.3, (count, 1, 1))
    pose = np.where(yaw < -0.3, "left", np.where(yaw > 0.3, "right", "front"))
    return KeypointSet("toy", xyz[..., :2] + 0.5, xyz[..., 2], pose, identity, image=_noise_picture)


def _noise_picture(i: int) -> np.ndarray:
    return np.random.default_rng(i).integers(0, 256, (96, 96, 3), np.uint8)


def _turn(points: np.ndarray, yaw: float, pitch: float) -> np.ndarray:
    c, s, d, t = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    about_x = np.array([[1, 0, 0], [0, d, -t], [0, t, d]])
    return points @ (about_x @ about_y).T


def toy_repair_set(c_x: int, count: int = 12, size: int = 16):
    """Red discs on grey (x) and blue ones (y): repair means colour here. A second picture of x is the grey alone."""
    from depthnet_lib.repair_sets import RepairSet

    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size]
    centre, radius = rng.uniform(7, 9, (2 * count, 2, 1, 1)), rng.uniform(5.5, 7, (2 * count, 1, 1))
    disc = ((rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2 < radius**2)[..., None]
    grey = np.repeat(rng.integers(80, 180, (2 * count, 1, 1, 1)), 3, -1)
    both = np.where(
        disc, np.where(np.arange(2 * count)[:, None, None, None] < count, [220, 40, 40], [40, 40, 220]), grey
    )
    x, y = both[:count].astype(np.uint8), both[count:].astype(np.uint8)
    ground = np.broadcast_to(grey[:count], x.shape).astype(np.uint8)
    return RepairSet("toy", np.concatenate([x, ground], -1)[..., :c_x], y)
