"""The gauge of depth by sliders: depth and affine change, the residual does not (notebook 08)."""

import numpy as np
import torch
from ipywidgets import FloatSlider, HBox, Image, VBox
from matplotlib.figure import Figure

from ..affine import apply_affine, solve_affine
from ..geometry import gauge, rigidity
from ..plots import draw_keypoints, frame_face
from .pictures import LiveFigure

_RANGES = {"a": (1.0, -2.0, 2.0), "b": (0.0, -1.0, 1.0), "c": (0.0, -1.0, 1.0), "e": (0.0, -0.3, 0.3)}
_SAYS = {"a": "scale and sign", "b": "tilt in x", "c": "tilt in y", "e": "shift"}


def gauge_figure(x_s: torch.Tensor, z: torch.Tensor, x_t: torch.Tensor, **moves: float) -> Figure:
    """The face in profile with depth a z + b x + c y + e, the affine that follows (equation 3), and where it lands.

    x_s, x_t (N, 2) in [0, 1], z (N,); moves are those of `geometry.gauge`.
    """
    figure = _empty(x_t)
    _fill(figure, x_s, z, x_t, **moves)
    return figure


def _empty(x_t: torch.Tensor) -> Figure:
    figure = Figure(figsize=(11, 3.3), layout="constrained")
    profile, numbers, landing = figure.subplots(1, 3)
    profile.set(xlim=(-0.9, 0.9), ylim=(1, 0), xlabel="depth", ylabel="y", title="the face in profile")
    numbers.set(xlim=(-0.6, 5.6), ylim=(-2.5, 2.5), xticks=range(6), xticklabels=[f"m{i}" for i in range(1, 7)])
    numbers.axhline(0, color="0.6", linewidth=0.8)
    draw_keypoints(landing, x_t.numpy(), size=6)
    frame_face(landing, x_t.numpy())
    return figure


def _fill(figure: Figure, x_s: torch.Tensor, z: torch.Tensor, x_t: torch.Tensor, **moves: float) -> None:
    moved = gauge(z, x_s, **moves)
    m = solve_affine(x_s, moved, x_t)
    x_n = apply_affine(x_s, moved, m)
    profile, numbers, landing = figure.axes
    draw_keypoints(profile, torch.stack([moved, x_s[:, 1]], 1).numpy(), size=5)
    numbers.bar(range(6), m[:, :3].flatten().numpy(), color="#0072B2")
    numbers.set_title(f"the affine, rigidity term {float(rigidity(m)):.3f}")
    landing.scatter(*x_n.T.numpy(), s=8, color="#D55E00", zorder=3)
    landing.set_title(f"on the target: MSE {float((x_n - x_t).square().mean()) * 1e5:.4f}e-5")


def gauge_widget(x_s: np.ndarray, z: np.ndarray, x_t: np.ndarray) -> VBox:
    """Sliders for a, b, c and e over `gauge_figure`; arrays as there."""
    tensors = [torch.from_numpy(np.asarray(v, float)) for v in (x_s, z, x_t)]
    sliders = {
        name: FloatSlider(value, min=low, max=high, step=0.05, description=f"{name}: {_SAYS[name]}",
                          style={"description_width": "7em"})
        for name, (value, low, high) in _RANGES.items()
    }  # fmt: skip
    picture, live = Image(format="png", width=880), LiveFigure(_empty(tensors[2]), _fill)

    def show(*_):
        picture.value = live.png(*tensors, **{name: slider.value for name, slider in sliders.items()})

    for slider in sliders.values():
        slider.observe(show, "value")
    show()
    return VBox([HBox(list(sliders.values())[:2]), HBox(list(sliders.values())[2:]), picture])
