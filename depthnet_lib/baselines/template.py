"""Model 2 of table 1: one average 3D face for everybody."""

from dataclasses import replace

import torch
from torch import Tensor

from ..affine import solve_camera, solve_similarity, to_unit
from ..depth_model import DepthModel, Faces, with_depth
from ..errors import InputError
from ..metrics import mean_head
from ..recipes import Recipe


class Template(DepthModel):
    """The mean of the training faces' true 3D keypoints by generalised Procrustes, laid on each source face.

    Superimposing it on a 2D source is a turn, a scale and a shift in the picture plane (`affine.solve_camera`), and the
    affine of equation 3 then goes from the template, not from the source's own keypoints, to the target. As this affine
    undoes any turn and scale, the error does not depend on the source at all: it is how badly the average face fits
    the target.
    """

    needs_depth = True

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints, recipe)
        self.register_buffer("mean", torch.zeros(n_keypoints, 3))

    def fit(self, faces: Faces, generator: torch.Generator) -> None:
        unit, _, scale = to_unit(faces.xy.double())
        z = (faces.z - faces.z.mean(-1, keepdim=True)) / scale[..., 0]
        self.mean = mean_head(with_depth(unit, z)).float()

    def encode(self, faces: Faces) -> Faces:
        unit, centre, scale = to_unit(faces.xy)
        posed = self.mean @ solve_camera(self.mean, unit).mT
        shift = torch.cat([centre, torch.zeros_like(scale)], -1)
        return replace(faces, code=(posed * scale + shift,))

    def points(self, source: Faces, target: Faces) -> Tensor:
        return source.code[0]


class PosedTemplate(Template):
    """The same mean head turned to each face's true 3D pose (best similarity): what pose alone tells of depth.

    It knows nothing of the person, so DepthCorr can hardly tell it from a model that does; `metrics.identity_scores`
    can. An upper reference, for it reads the true depth of the face that it is asked about.
    """

    def encode(self, faces: Faces) -> Faces:
        if faces.z is None:
            raise InputError("posed-template", "the data set has no true depth", "choose a set with depth")
        unit, _, scale = to_unit(faces.xy)
        shapes = with_depth(unit, faces.z / scale[..., 0])
        size, rotation, _ = solve_similarity(self.mean.expand_as(shapes), shapes)
        return replace(faces, code=((self.mean @ rotation.mT)[..., 2] * size[..., None] * scale[..., 0],))

    def points(self, source: Faces, target: Faces) -> Tensor:
        return with_depth(source.xy, source.code[0])
