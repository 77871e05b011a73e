"""Interactive parts of the notebooks: a pure function computes, a thin widget shows. Each has a static twin."""

import io

import numpy as np
import plotly.graph_objects as go
from ipywidgets import Dropdown, FileUpload, FloatSlider, HBox, Image, Label, ToggleButtons, VBox
from PIL import Image as Picture

from .errors import InputError
from .images import decode_image
from .layouts import layout_of
from .pipeline import Portrait, read_portrait, turn_portrait
from .plots import DEPTH_COLOURS
from .warp import turn, warp
from .warp.export import on_white
from .warp.uses import onto


def turned_picture(portrait: Portrait, yaw: float, pitch: float, depth_scale: float) -> np.ndarray:
    """The face turned by angles in degrees, its depth stretched first: RGB uint8 (S, S, 3) on white."""
    return on_white(turn_portrait(portrait, yaw, pitch, depth_scale))


def turn_widget(portrait: Portrait) -> VBox:
    """Sliders for yaw, pitch and depth scale over the turned face."""
    sliders = {
        "yaw": FloatSlider(20, min=-60, max=60, step=1, description="yaw (°)"),
        "pitch": FloatSlider(0, min=-30, max=30, step=1, description="pitch (°)"),
        "depth_scale": FloatSlider(1, min=-1, max=2, step=0.05, description="depth scale"),
    }
    picture = Image(format="png", width=len(portrait.image))

    def show(*_):
        values = {name: slider.value for name, slider in sliders.items()}
        picture.value = png_bytes(turned_picture(portrait, **values))

    for slider in sliders.values():
        slider.observe(show, "value")
    show()
    return HBox([picture, VBox(list(sliders.values()))])


def upload_widget(show) -> VBox:
    """A button for the reader's own photo: calls ``show(portrait)``, or says in one line why it cannot."""
    button, message = FileUpload(accept="image/*", multiple=False, description="Your photo"), Label()

    def read(change):
        for file in change["new"]:
            try:
                portrait = read_portrait(decode_image(bytes(file["content"]), file["name"]))
            except InputError as error:
                message.value = str(error)
                return
            message.value = file["name"]
            show(portrait)

    button.observe(read, "value")
    return VBox([button, message])


def depth_view(x_s: np.ndarray, z: np.ndarray) -> go.FigureWidget:
    """Keypoints x_s (N, 2) in space with the layout's outlines, coloured by depth z (N,), to turn with the mouse."""
    points = np.column_stack([x_s[:, 0], z, -x_s[:, 1]])
    figure = go.FigureWidget()
    for line in layout_of(len(z)).lines:
        x, y, up = points[list(line)].T
        figure.add_scatter3d(x=x, y=y, z=up, mode="lines", line={"color": "#999", "width": 3}, hoverinfo="skip")
    x, y, up = points.T
    dots = {"size": 4, "color": z, "colorscale": DEPTH_COLOURS, "colorbar": {"title": "depth"}}
    figure.add_scatter3d(x=x, y=y, z=up, mode="markers", marker=dots, text=[f"point {i}" for i in range(len(z))])
    scene = {"xaxis_title": "x", "yaxis_title": "depth z", "zaxis_title": "-y", "aspectmode": "data"}
    scene["camera"] = {"eye": {"x": 0.7, "y": 1.9, "z": 0.3}}
    figure.update_layout(scene=scene, width=480, height=420, showlegend=False, margin=dict.fromkeys("lrtb", 0))
    return figure


def png_bytes(image: np.ndarray) -> bytes:
    """A picture (H, W, 3 or 4) as a PNG, quickly compressed: for views that follow a slider."""
    buffer = io.BytesIO()
    Picture.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def affine_picture(portrait: Portrait, m: np.ndarray, depth_scale: float, backend: str = "auto") -> np.ndarray:
    """The face moved by the affine m (2, 4), its depth stretched first: RGB uint8 (S, S, 3) on white."""
    return on_white(warp(portrait.image, portrait.x_s, depth_scale * portrait.z, m, backend=backend))


def affine_widget(portrait: Portrait, targets: dict[str, np.ndarray]) -> HBox:
    """The eight numbers of m as sliders over the warped face. Angles, or one of the named target keypoints (N, 2) in
    pixels of the portrait, set all eight; depth can be stretched and the backend changed."""
    size = len(portrait.image)
    names = ("m1", "m2", "m3", "tx", "m4", "m5", "m6", "ty")
    ranges = [(size if name[0] == "t" else 2) for name in names]
    numbers = [FloatSlider(0, min=-r, max=r, step=r / 200, description=n) for n, r in zip(names, ranges, strict=True)]
    angles = [FloatSlider(0, min=-75, max=75, step=1, description=f"{n} (°)") for n in ("yaw", "pitch")]
    target = Dropdown(options=["none", *targets], description="target")
    stretch = FloatSlider(1, min=-1, max=2, step=0.05, description="depth scale")
    backend = ToggleButtons(options=("auto", "cpu"), description="backend")
    picture = Image(format="png", width=size)
    affine = np.eye(2, 4)

    def show(*_):
        picture.value = png_bytes(affine_picture(portrait, affine, stretch.value, backend.value))

    def by_hand(change):
        affine.ravel()[numbers.index(change.owner)] = change.new
        show()

    def take(m):
        affine[:] = m
        for slider, value in zip(numbers, m.ravel(), strict=True):
            slider.unobserve(by_hand, "value")
            slider.value = value
            slider.observe(by_hand, "value")
        show()

    def by_angle(_):
        take(turn(portrait.x_s, portrait.z, *(slider.value for slider in angles)))

    def by_target(change):
        if change.new in targets:
            take(onto(portrait.x_s, portrait.z, targets[change.new]))

    for slider in angles:
        slider.observe(by_angle, "value")
    target.observe(by_target, "value")
    for control in (stretch, backend):
        control.observe(show, "value")
    take(np.eye(2, 4))
    return HBox([picture, VBox([*angles, target, stretch, backend]), VBox(numbers)])
