import numpy as np
import pytest

from depthnet_lib.heads import load_basis
from depthnet_lib.heads.camera import rotation
from depthnet_lib.pipeline import Portrait
from depthnet_lib.poses import against_truth, landed, portrait_of, project, row_of_poses

from .warp_cases import needs_opengl, noise


def head(yaw: float, size: int = 160) -> Portrait:
    """The mean head's keypoints in a pose, without a face to see."""
    basis = load_basis()
    points = basis.landmarks(np.zeros(len(basis.identity)), np.zeros(len(basis.actions)))
    points = 6 * points @ rotation(np.array([yaw, 0.0, 0.0])).T + [size / 2, size / 2 - 10, 0]
    return Portrait(noise(size, size), points[:, :2], points[:, 2])


def test_projections_land_on_their_targets_from_either_side():
    source, targets = head(30), np.stack([head(yaw).x_s for yaw in (-35, 0, 35)])
    assert np.linalg.norm(landed(source, targets, "factorization") - targets, axis=-1).mean() < 3
    for picture, x_t in zip(project(source, targets, 160, "factorization"), targets, strict=True):
        rows, columns = np.nonzero(picture[..., 3])
        assert abs(rows.max() - x_t[:, 1].max()) < 6
        assert abs(columns.min() - x_t[:, 0].min()) < 6
        assert abs(columns.max() - x_t[:, 0].max()) < 6


def test_against_itself_is_exact_and_depth_beats_the_plane():
    source = head(0)
    same = against_truth(source, source, ("affine2d", "gt"))
    assert all(score.psnr > 45 and score.ssim > 0.99 and score.keypoints < 0.1 for score in same.values())
    turned = against_truth(source, head(35), ("affine2d", "gt"))
    assert turned["gt"].keypoints < 0.05 < 3 < turned["affine2d"].keypoints


@needs_opengl
def test_true_depth_brings_a_rendered_head_closest_to_its_other_pictures():
    row = row_of_poses(7, (0, 30), size=96)
    assert row.image.shape == (2, 96, 96, 3)
    scores = against_truth(portrait_of(row, 0), portrait_of(row, 1), ("affine2d", "factorization", "gt"))
    assert scores["gt"].psnr > scores["affine2d"].psnr + 0.5
    assert scores["gt"].ssim > scores["affine2d"].ssim
    assert scores["gt"].keypoints == pytest.approx(min(s.keypoints for s in scores.values()), rel=0.2)
