"""What a person looks like beyond the shape of the head: colours, hair, brows, beard, glasses, clothes."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .basis import load_basis

# sRGB of skin from light to dark; a person's tone lies between two neighbours
SKIN = np.array(
    [
        (0.91, 0.79, 0.73),
        (0.90, 0.74, 0.64),
        (0.86, 0.68, 0.56),
        (0.78, 0.59, 0.46),
        (0.68, 0.49, 0.36),
        (0.55, 0.38, 0.28),
        (0.42, 0.28, 0.20),
        (0.31, 0.21, 0.155),
    ]
)
HAIR = {
    "black": (0.075, 0.065, 0.06),
    "dark brown": (0.17, 0.115, 0.085),
    "brown": (0.29, 0.195, 0.135),
    "light brown": (0.43, 0.31, 0.21),
    "blond": (0.66, 0.52, 0.34),
    "fair": (0.80, 0.69, 0.50),
    "red": (0.47, 0.22, 0.11),
    "grey": (0.52, 0.51, 0.50),
    "white": (0.74, 0.73, 0.71),
}
IRIS = {
    "dark brown": (0.17, 0.10, 0.06),
    "brown": (0.31, 0.18, 0.09),
    "hazel": (0.43, 0.33, 0.16),
    "green": (0.37, 0.43, 0.26),
    "blue": (0.35, 0.50, 0.64),
    "grey": (0.47, 0.53, 0.56),
}
CUTS = (
    "bald",
    "buzz",
    "short",
    "side",
    "quiff",
    "fringe",
    "afro",
    "curly",
    "bob",
    "long",
    "bun",
    "beanie",
    "cap",
    "scarf",
)
# shares of the cuts for men and for women
_MEN = np.array([9, 16, 24, 16, 12, 6, 3, 6, 0.5, 2, 0.5, 2, 3, 0])
_WOMEN = np.array([0.3, 1, 5, 3, 2, 5, 3, 7, 22, 34, 9, 2, 1.5, 5])
BEARDS = ("none", "shadow", "stubble", "moustache", "goatee", "full")


@dataclass(frozen=True)
class Look:
    """One person. Colours are sRGB in [0, 1]; lengths in cm; the rest are shares in [0, 1]."""

    skin: np.ndarray
    dark: float  # 0 fair ... 1 dark skin
    age: float  # 0 young ... 1 old
    female: bool
    ruddy: float
    freckles: float
    lips: np.ndarray
    iris: np.ndarray
    hair: np.ndarray
    brow: np.ndarray
    brow_width: float
    brow_density: float
    cut: str
    volume: float  # thickness of the hair
    length: float  # how far long hair falls below the ears
    hairline: float  # lower (> 0) or receding (< 0), cm
    parting: float  # degrees from the middle
    beard: str
    makeup: float
    glasses: bool
    frame: np.ndarray
    cloth: np.ndarray
    neckline: float  # 0 collar ... 1 deep
    seed: int  # of what is only texture


@lru_cache(maxsize=256)
def look_of(seed: int, person: int, shape: bytes) -> Look:
    """The look of a person; ``shape``, float64 identity coefficients, makes it go with the head (sex, age, tone)."""
    rng = np.random.default_rng((seed, 3, person))
    traits = load_basis().traits(np.frombuffer(shape))
    female = bool(rng.random() < traits["female"])
    age = float(np.clip((traits["age"] - 0.62) / 0.33, 0, 1))
    dark = float(np.clip(traits["asian"] * 0.28 + traits["african"] * 0.85 + rng.normal(0.02, 0.13), 0, 1))
    skin = _between(SKIN, dark) * (1 + rng.normal(0, 0.02, 3))
    colour = _hair_colour(rng, dark, age)
    hair = np.array(HAIR[colour]) * rng.uniform(0.8, 1.2) * (1 + rng.normal(0, 0.015, 3))
    shares = (_WOMEN if female else _MEN) * np.where(np.array(CUTS) == "afro", 0.2 + 6 * (dark > 0.6), 1)
    shares *= np.where(np.array(CUTS) == "bald", 0.3 + 2 * age, 1)
    cut = str(rng.choice(CUTS, p=shares / shares.sum()))
    makeup = float(female and rng.random() < 0.55) * rng.uniform(0.3, 1)
    beard = "none" if female else str(rng.choice(BEARDS, p=(0.30, 0.24, 0.18, 0.05, 0.08, 0.15)))
    vivid = np.array([rng.uniform(0.5, 0.8), rng.uniform(0.1, 0.3), rng.uniform(0.15, 0.35)])
    natural = skin * [0.90, 0.66, 0.66] + [0.02, -0.01, 0.0]
    painted = makeup * rng.uniform(0, 1.0)
    grey = {"grey": 0.75, "white": 0.6}.get(colour, 1.0)
    return Look(
        skin=skin.clip(0, 1),
        dark=dark,
        age=age,
        female=female,
        ruddy=rng.uniform(0.3, 1.0) * (1 - 0.6 * dark),
        freckles=float(dark < 0.35 and rng.random() < 0.2) * rng.uniform(0.3, 1),
        lips=(natural * (1 - painted) + vivid * painted).clip(0, 1),
        iris=np.array(IRIS[_iris_colour(rng, dark)]) * rng.uniform(0.8, 1.2),
        hair=hair.clip(0.02, 1),
        brow=(np.minimum(hair, 0.38) * 0.8 * grey + 0.01).clip(0.03, 1),
        brow_width=rng.uniform(0.38, 0.68) if female else rng.uniform(0.55, 0.95),
        brow_density=rng.uniform(0.5, 1.0),
        cut=cut,
        volume=rng.uniform(0, 1),
        length=rng.uniform(0, 1),
        hairline=rng.normal(0, 0.5) - (0 if female else 1.6 * age * rng.random()),
        parting=rng.uniform(-40, 40),
        beard=beard,
        makeup=makeup,
        glasses=bool(rng.random() < 0.12 + 0.12 * age),
        frame=_between(np.array([(0.04, 0.04, 0.05), (0.30, 0.17, 0.08), (0.55, 0.52, 0.48)]), rng.random()),
        cloth=_cloth(rng),
        neckline=rng.random(),
        seed=int(rng.integers(1 << 31)),
    )


def _between(colours: np.ndarray, share: float) -> np.ndarray:
    at = share * (len(colours) - 1)
    low = min(int(at), len(colours) - 2)
    return colours[low] * (low + 1 - at) + colours[low + 1] * (at - low)


def _hair_colour(rng: np.random.Generator, dark: float, age: float) -> str:
    if rng.random() < 1.1 * (age - 0.35):
        return str(rng.choice(["grey", "white"], p=(0.6, 0.4)))
    if dark > 0.25:
        return str(rng.choice(["black", "dark brown"], p=(0.75, 0.25)))
    return str(rng.choice(list(HAIR)[:7], p=(0.12, 0.25, 0.24, 0.16, 0.12, 0.06, 0.05)))


def _iris_colour(rng: np.random.Generator, dark: float) -> str:
    if dark > 0.25:
        return str(rng.choice(["dark brown", "brown"], p=(0.75, 0.25)))
    return str(rng.choice(list(IRIS), p=(0.15, 0.25, 0.15, 0.12, 0.23, 0.10)))


def _cloth(rng: np.random.Generator) -> np.ndarray:
    """A muted colour, white or black now and then."""
    grey, colour = rng.uniform(0.05, 0.9), rng.random(3)
    return (grey + (colour - colour.mean()) * rng.uniform(0, 0.7)).clip(0.03, 0.95)
