"""Draw people: who they are, what their faces do, and how the camera sees them.

Every draw depends only on (seed, identity) or (seed, identity, shot), so that a face is the same whether it is drawn
alone, in a batch or in another process.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .basis import HeadBasis, load_basis

# Expressions as facial actions at full strength; "*" stands for Left and Right.
EXPRESSIONS = {
    "smile": {"mouthSmile*": 0.8, "cheekSquint*": 0.5, "eyeSquint*": 0.2, "mouthDimple*": 0.3},
    "laugh": {"mouthSmile*": 0.9, "jawOpen": 0.35, "mouthUpperUp*": 0.4, "cheekSquint*": 0.7, "eyeSquint*": 0.4},
    "talk": {"jawOpen": 0.3, "mouthFunnel": 0.25, "mouthLowerDown*": 0.2},
    "surprise": {"jawOpen": 0.5, "browInnerUp": 0.8, "browOuterUp*": 0.8, "eyeWide*": 0.7},
    "anger": {"browDown*": 0.9, "eyeSquint*": 0.4, "noseSneer*": 0.5, "mouthPress*": 0.5},
    "sadness": {"browInnerUp": 0.8, "mouthFrown*": 0.8, "mouthShrugLower": 0.4},
    "disgust": {"noseSneer*": 0.8, "mouthUpperUp*": 0.5, "browDown*": 0.5, "eyeSquint*": 0.4},
    "kiss": {"mouthPucker": 0.8, "mouthFunnel": 0.2},
    "blink": {"eyeBlink*": 0.9},
    "pressed": {"mouthPress*": 0.6, "mouthRollLower": 0.4, "mouthRollUpper": 0.3},
    "puff": {"cheekPuff": 0.7},
    "doubt": {"browInnerUp": 0.5, "browOuterUpLeft": 0.7, "mouthLeft": 0.4},
}
_DECK = ["smile"] * 5 + ["talk"] * 4 + ["laugh"] * 3 + ["surprise", "anger", "sadness", "doubt"] + list(EXPRESSIONS)
TURNED = 20.0  # degrees of yaw beyond which a face counts as looking left or right
_IDENTITY, _SHOT = 1, 2  # streams of random numbers


@dataclass(frozen=True)
class Shots:
    """M pictures of heads, all that geometry needs.

    ``seed`` of all draws; ``identity`` and ``shot`` (M,) numbers; ``shape`` (M, K) identity coefficients in standard
    deviations; ``actions`` (M, A) in [0, 1]; ``angles`` (M, 3) yaw, pitch, roll in degrees: yaw > 0 turns the nose to
    the picture's right, pitch > 0 down, roll > 0 tilts the head clockwise as seen; ``distance`` (M,) of the camera
    from between the ears, cm;
    ``margin`` (M,) side of the square picture as a multiple of the keypoints' longer side; ``shift`` (M, 2) of the
    keypoints' box from the picture's centre, as a share of the side.
    """

    seed: int
    identity: np.ndarray
    shot: np.ndarray
    shape: np.ndarray
    actions: np.ndarray
    angles: np.ndarray
    distance: np.ndarray
    margin: np.ndarray
    shift: np.ndarray

    def __len__(self) -> int:
        return len(self.identity)

    def __getitem__(self, index) -> "Shots":
        rows = np.atleast_1d(np.arange(len(self))[index])
        fields = (name for name in self.__dataclass_fields__ if name != "seed")
        return replace(self, **{name: getattr(self, name)[rows] for name in fields})

    def facing(self, angles: np.ndarray | float) -> "Shots":
        """The same people, expressions, lights and backgrounds with other angles (M, 3) or (3,): 0 is frontal."""
        return replace(self, angles=np.broadcast_to(np.asarray(angles, float), (len(self), 3)).copy())

    @property
    def pose(self) -> np.ndarray:
        """(M,) "left", "front" or "right": the side of the picture that the nose points to, by 20 degrees of yaw."""
        yaw = self.angles[:, 0]
        return np.where(yaw < -TURNED, "left", np.where(yaw > TURNED, "right", "front"))


def sample_shots(
    seed: int,
    identities: np.ndarray,
    shots: np.ndarray,
    yaw: tuple[float, float] | np.ndarray = (-60.0, 60.0),
    expressive: float = 0.7,
    margin: tuple[float, float] = (1.35, 1.75),
) -> Shots:
    """Draw picture number ``shots[i]`` of person ``identities[i]``, for i in range(M).

    ``yaw`` is the range in degrees from which every head's turn is drawn uniformly, or (M, 2) a range for each;
    ``expressive`` is the probability of an expression (otherwise the face is at rest); ``margin`` the range of the
    picture's side over the keypoints' (1.35 to 1.75 is a face, 2.2 and more a head with its hair).
    """
    identities, shots = np.broadcast_arrays(np.atleast_1d(identities), np.atleast_1d(shots))
    basis = load_basis()
    people, where = np.unique(identities, return_inverse=True)
    shapes = np.stack([_person(basis, np.random.default_rng((seed, _IDENTITY, person))) for person in people])
    ranges = np.broadcast_to(np.asarray(yaw, float), (len(identities), 2))
    drawn = [
        _shot(basis, np.random.default_rng((seed, _SHOT, person, shot)), limits, expressive, margin)
        for person, shot, limits in zip(identities, shots, ranges, strict=True)
    ]
    return Shots(
        seed, identities.copy(), shots.copy(), shapes[where], *(np.stack(column) for column in zip(*drawn, strict=True))
    )


def _person(basis: HeadBasis, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(len(basis.identity)).clip(-2.5, 2.5)


def _shot(basis: HeadBasis, rng: np.random.Generator, yaw: np.ndarray, expressive: float, margin: tuple) -> tuple:
    actions = _expression(basis, rng, expressive)
    angles = np.array([rng.uniform(*yaw), *(rng.normal(0, (11, 8)).clip(-25, 25))])
    distance = np.exp(rng.uniform(np.log(45), np.log(160)))
    return actions, angles, distance, rng.uniform(*margin), rng.normal(0, 0.025, 2).clip(-0.06, 0.06)


def _expression(basis: HeadBasis, rng: np.random.Generator, expressive: float) -> np.ndarray:
    """(A,) actions: small movements always, one or two expressions sometimes, and a direction of gaze."""
    a, index = np.zeros(len(basis.action_names)), _action_rows(basis.action_names)
    a += (rng.random(len(a)) < 0.15) * rng.uniform(0, 0.2, len(a))
    if rng.random() < expressive:
        for name in rng.choice(_DECK, rng.integers(1, 3)):
            strength = rng.uniform(0.2, 1.1)
            for action, weight in EXPRESSIONS[name].items():
                rows = index[action]
                a[rows] = np.maximum(a[rows], strength * weight * rng.uniform(0.8, 1.2, len(rows)))
    a[[*index["eyeLook"], *index["tongueOut"]]] = 0
    aside, up = rng.normal(0, (0.25, 0.15)).clip(-0.8, 0.8)  # shares of the full turn; > 0: to the picture's right
    for name, share in (("Out", aside), ("In", -aside)):
        a[basis.action(f"eyeLook{name}Left")] = max(share, 0)
        a[basis.action(f"eyeLook{name}Right")] = max(-share, 0)
    a[index["eyeLookUp*" if up > 0 else "eyeLookDown*"]] = abs(up)
    return a.clip(0, 1)


@lru_cache(maxsize=1)
def _action_rows(names: tuple[str, ...]) -> dict[str, list[int]]:
    """Indices of each action, of each pair "name*" and of all directions of gaze, "eyeLook"."""
    rows = {name: [i] for i, name in enumerate(names)}
    for name in names:
        if name.endswith("Left"):
            stem = name.removesuffix("Left")
            rows[f"{stem}*"] = [names.index(f"{stem}Left"), names.index(f"{stem}Right")]
    rows["eyeLook"] = [i for i, name in enumerate(names) if name.startswith("eyeLook")]
    return rows
