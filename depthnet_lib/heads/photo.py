"""What the camera adds: lights, the place behind the head, and the flaws of a photo."""

import cv2
import numpy as np

from .noise import field
from .stage import Light


def lights(rng: np.random.Generator, skin: np.ndarray) -> tuple[list[Light], np.ndarray]:
    """One to three far lights and the colour of the light from everywhere, exposed for a face of colour ``skin``."""
    warmth = rng.normal(0, 0.05)
    tint = np.array([1 + warmth, 1.0, 1 - 1.2 * warmth])
    ambient, key = rng.uniform(0.3, 0.6), rng.uniform(0.45, 0.9)
    found = [Light(_from(rng.uniform(-75, 75), rng.uniform(-5, 60)), key * tint)]
    if rng.random() < 0.7:
        found.append(Light(_from(rng.uniform(-95, 95), rng.uniform(-20, 50)), rng.uniform(0.1, 0.4) * tint))
    if rng.random() < 0.35:
        rim = np.array([1 + rng.normal(0, 0.12), 1, 1 + rng.normal(0, 0.12)]).clip(0.5)
        found.append(Light(_from(rng.choice([-1, 1]) * rng.uniform(100, 160), 30), rim * rng.uniform(0.3, 0.9)))
    front = ambient + sum(light.power.mean() * max(light.toward[2], 0.0) for light in found)
    exposure = rng.uniform(0.72, 1.02) * (0.62 / skin.mean()) ** 0.5 / front
    return [Light(light.toward, light.power * exposure) for light in found], ambient * exposure * tint


def _from(aside: float, above: float) -> np.ndarray:
    a, b = np.deg2rad(aside), np.deg2rad(above)
    return np.array([np.sin(a) * np.cos(b), -np.sin(b), np.cos(a) * np.cos(b)])


def background(rng: np.random.Generator, size: int) -> np.ndarray:
    """(size, size, 3) float32 in [0, 1]: a wall, a gradient, or a room or street out of focus."""
    small = 64
    base, other = _colour(rng), _colour(rng)
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : small * 1j, -1 : 1 : small * 1j]
    ramp = 0.5 + 0.35 * (np.cos(angle) * x + np.sin(angle) * y)
    image = (base * (1 - ramp[..., None]) + other * ramp[..., None]).astype(np.float32)
    kind = rng.random()
    if kind > 0.25:
        cloud = field(rng, "clouds", small, small, rng.uniform(0.3, 1.5))
        image += rng.uniform(0.02, 0.10) * cloud[..., None] * rng.uniform(0.6, 1.2, 3).astype(np.float32)
    if kind > 0.45:
        for _ in range(rng.integers(3, 16)):
            _shape(image, rng)
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 4.5))
    image = cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        image += rng.uniform(0.005, 0.02) * field(rng, "grain", size, size, rng.uniform(1, 3))[..., None]
    return image.clip(0, 1)


def _colour(rng: np.random.Generator) -> np.ndarray:
    grey, colour = rng.beta(1.3, 1.3), rng.random(3)
    return (grey + (colour - colour.mean()) * rng.beta(1, 2.5)).clip(0.02, 0.98)


def _shape(image: np.ndarray, rng: np.random.Generator) -> None:
    """A box, a disc or a bar of some colour."""
    n, colour = len(image), tuple(float(c) for c in _colour(rng))
    x, y = (int(v) for v in rng.integers(-8, n + 8, 2))
    w, h = (int(v) for v in rng.integers(3, n // 2, 2))
    kind = rng.integers(3)
    if kind == 0:
        cv2.rectangle(image, (x, y), (x + w, y + h), colour, -1)
    elif kind == 1:
        cv2.circle(image, (x, y), w // 3 + 1, colour, -1, cv2.LINE_AA)
    else:
        cv2.line(image, (x, -8), (x + w - n // 4, n + 8), colour, h // 4 + 1, cv2.LINE_AA)


def expose(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The photo (S, S, 3) uint8 of a clean picture (S, S, 3) float32 in [0, 1]: tone, blur, noise and JPEG."""
    size = len(image)
    image = image ** rng.uniform(0.85, 1.15)
    contrast, brightness = rng.uniform(0.85, 1.15), rng.normal(0, 0.03)
    image = (image - 0.5) * contrast + 0.5 + brightness
    grey = image.mean(-1, keepdims=True)
    image = grey + (image - grey) * rng.uniform(0.8, 1.08)
    image = image * (1 + rng.normal(0, 0.025, 3))
    sharpness = rng.gamma(1.2, 0.35) * size / 160
    if sharpness > 0.25:
        image = cv2.GaussianBlur(image, (0, 0), sharpness)
    image = image + rng.gamma(1.5, 0.003) * field(rng, "grain", size, size)[..., None]
    image = image + rng.gamma(1.5, 0.0035) * rng.standard_normal(image.shape)
    out = (image.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    quality = int(rng.integers(45, 98))
    code = cv2.imencode(".jpg", out[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1].copy()
