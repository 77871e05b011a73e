"""Short trainings to play with: learning rate, noise on the keypoints, and whether the gradient passes the solve."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from ipywidgets import Button, Dropdown, FloatLogSlider, FloatSlider, HBox, Image, IntSlider, VBox
from matplotlib.figure import Figure

from ..affine import apply_affine, solve_affine, to_unit
from ..datasets import KeypointSet
from ..datasets.tensors import as_faces
from ..experiments import DepthTask
from ..models import MODELS, DepthModel, Faces, recipe_of
from ..plots import draw_keypoints, frame_face
from ..training import Update, make_fabric
from .pictures import LiveFigure

GRADIENTS = {"through the solve": False, "m held constant": True}


@dataclass(frozen=True)
class Trace:
    """What a short training of E epochs did: ``loss`` (E,), the mean over each epoch's pairs; and of the watched pair,
    before the training and after each epoch, depth ``z`` (E + 1, N) and ``x_n`` (E + 1, N, 2), with its ``true`` depth
    and both faces' keypoints; ``model`` as it ended."""

    loss: np.ndarray
    z: np.ndarray
    x_n: np.ndarray
    true: np.ndarray
    x_s: np.ndarray
    x_t: np.ndarray
    model: DepthModel

    def r(self) -> np.ndarray:
        """(E + 1,) correlation of the watched face's depth with the true one."""
        return np.array([np.corrcoef(z, self.true)[0, 1] for z in self.z])


def train_briefly(
    data: KeypointSet,
    watched: KeypointSet,
    model: str = "pinv",
    learning_rate: float | None = None,
    noise: float = 0.0,
    hold_affine: bool = False,
    epochs: int = 12,
    seed: int = 0,
) -> Trace:
    """Train a keypoint model for a few epochs and keep what it says of the first face of ``watched`` mapped onto the
    second.

    ``noise`` is the standard deviation added to training keypoints, in sides of the picture; ``hold_affine`` treats m
    of equation 3 as a constant in the gradient (pinv only).
    """
    recipe = recipe_of(model)
    recipe = replace(recipe, learning_rate=learning_rate or recipe.learning_rate, epochs=epochs)
    net = (_HeldAffine if hold_affine else MODELS[model])(data.xy.shape[1], recipe)
    generator = torch.Generator().manual_seed(seed)
    net.reset(generator)
    shaken = data.xy + noise * np.random.default_rng(seed).normal(size=data.xy.shape)
    task = DepthTask(net, replace(data, xy=shaken))
    update = Update(task.optimizers(), make_fabric())
    states, losses = [_look(net, watched)], []
    for _ in range(epochs):
        net.train()
        steps = [float(task.training_step(batch, update)["loss"].detach()) for batch in task.batches(generator)]
        losses.append(np.mean(steps))
        states.append(_look(net, watched))
    z, x_n = (np.stack(part) for part in zip(*states, strict=True))
    true = watched.z[0] - watched.z[0].mean()
    return Trace(np.array(losses), z, x_n, true, watched.xy[0], watched.xy[1], net.eval())


class _HeldAffine(MODELS["pinv"]):
    """Model 7 with m cut out of the graph."""

    def loss(self, source: Faces, target: Faces) -> torch.Tensor:
        (x_s, *_), (x_t, *_) = to_unit(source.xy), to_unit(target.xy)
        z = self.output(source, target)[0]
        x_n = apply_affine(x_s, z, solve_affine(x_s, z, x_t).detach())
        return (x_n - x_t).square().sum((-2, -1)).mean()


def _look(net: DepthModel, watched: KeypointSet) -> tuple[np.ndarray, np.ndarray]:
    net.eval()
    with torch.inference_mode():
        faces = net.encode(as_faces(watched[:2]))
        prediction = net(faces[:1], faces[1:])
    z = prediction.z[0]
    return (z - z.mean()).numpy(), prediction.x_n[0].numpy()


def training_figure(trace: Trace, epoch: int) -> Figure:
    """The loss so far, the watched depth beside the true one, and where the keypoints land, after some epochs."""
    figure = _empty(trace)
    _fill(figure, trace, epoch)
    return figure


def _empty(trace: Trace) -> Figure:
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    curve, depth, landing = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
    curve.semilogy(np.arange(1, len(trace.loss) + 1), trace.loss, color="0.7")
    curve.set(xlabel="epoch", ylabel="loss (equation 1)")
    depths = np.nan_to_num(trace.z)  # a rate that is far too high may leave no numbers
    margin = 0.05 * np.ptp(depths) or 1.0
    depth.set(xlabel="true depth", ylabel="depth", ylim=(depths.min() - margin, depths.max() + margin))
    draw_keypoints(landing, trace.x_t, size=6)
    frame_face(landing, trace.x_t)
    landing.set_title("target black, landed orange", fontsize=10)
    return figure


def _fill(figure: Figure, trace: Trace, epoch: int) -> None:
    curve, depth, landing = figure.axes
    curve.semilogy(np.arange(1, epoch + 1), trace.loss[:epoch], ".-", color="tab:blue")
    curve.set_title(f"after {epoch} epochs")
    depth.scatter(trace.true, trace.z[epoch], s=10, color="tab:blue")
    depth.set_title(f"a keypoint a dot, r = {trace.r()[epoch]:+.2f}")
    landing.scatter(*trace.x_n[epoch].T, s=8, color="tab:orange", zorder=3)


def training_widget(data: KeypointSet, watched: KeypointSet, epochs: int = 12) -> VBox:
    """Settings and a button that trains with them; a slider then moves through the epochs of `training_figure`."""
    rate = FloatLogSlider(
        1e-2, min=-5, max=0, step=0.5, description="learning rate", style={"description_width": "auto"}
    )
    gradient = Dropdown(options=list(GRADIENTS), description="gradient")
    noise = FloatSlider(0, min=0, max=0.03, step=0.005, readout_format=".3f", description="noise")
    button = Button(description="train")
    epoch = IntSlider(epochs, min=0, max=epochs, description="epoch")
    view = Image(format="png", width=900)
    shown: list = []  # the last training and its figure

    def show(*_):
        trace, live = shown
        view.value = live.png(trace, epoch.value)

    def train(*_):
        button.disabled = True
        try:
            held = GRADIENTS[gradient.value]
            trace = train_briefly(data, watched, "pinv", rate.value, noise.value, held, epochs)
            shown[:] = trace, LiveFigure(_empty(trace), _fill)
            show()
        finally:
            button.disabled = False

    button.on_click(train)
    epoch.observe(show, "value")
    train()
    return VBox([HBox([rate, gradient, noise, button]), epoch, view])
