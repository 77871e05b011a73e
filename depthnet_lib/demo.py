"""The demonstration: one photo turned by angles and onto the poses of another head, with all that shows it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import skimage
from matplotlib.figure import Figure
from tqdm import tqdm

from .datasets.anny import keypoint_set
from .files import new_folder, writable, write_json
from .heads import sample_shots
from .images import SYNTHETIC, write_image
from .pipeline import METRIC_MODEL, PAPER_MODEL, Portrait, place, read_portrait, turn_portrait, warp_portrait
from .plots import depth_figure, draw_keypoints, frame_face, show_picture
from .warp.export import export_mesh, on_white, sheet, there_and_back, write_animation
from .warp.mesh import make_mesh

YAWS = (-45, -30, -15, 15, 30, 45)  # degrees; the frontal picture is the source itself


def run_demo(photo: Path | None, target: Path | None, out: Path) -> list[Path]:
    """Write sweep.png, turn.gif, depth.png, head.glb and result.json, and with a target photo target.png, into
    ``out``; the astronaut photo of scikit-image (NASA, public domain) where none is given.

    Pictures of turned faces say in their metadata that they are synthetic. All is made in a folder inside and moved at
    the end, so that a failure leaves nothing half-written. Returns the files.
    """
    portrait = read_portrait(photo or skimage.data.astronaut())
    other = read_portrait(target) if target else None
    steps = [_sweep, _turning, _depth, _mesh] + [lambda p, folder: _onto(p, other, folder)] * (other is not None)
    with writable(out), new_folder(out) as folder:
        for step in tqdm(steps, "demo", unit="result", delay=2):
            step(portrait, folder)
        write_json(folder / "result.json", _summary(portrait, photo, target))
        return [path.replace(out / path.name) for path in sorted(folder.iterdir())]


def heads_in_a_row(yaws: tuple[float, ...] = YAWS, person: int = 7) -> np.ndarray:
    """Keypoints (len(yaws), 68, 2) in [0, 1] of one embedded head that turns: targets as in figure 1 (right)."""
    shots = sample_shots(0, np.full(len(yaws), person), np.zeros(len(yaws), int), expressive=0)
    return keypoint_set("heads", replace(shots, angles=np.array([(yaw, 0, 0) for yaw in yaws], float))).xy


def sweep_figure(portrait: Portrait, yaws: tuple[float, ...] = YAWS) -> Figure:
    """A camera sweep twice: by angles with metric depth, and the paper's way, onto the keypoints of another head."""
    targets = place(heads_in_a_row(yaws), portrait.x_s)
    figure = Figure(figsize=(1.6 * (len(yaws) + 1), 5.2), layout="constrained")
    grid = figure.subplots(3, len(yaws) + 1)
    show_picture(grid[0, 0], portrait.image, "source")
    for axes, text in zip(
        grid[1:, 0], ("target keypoints\n(an anny head)", f"onto the targets\n({PAPER_MODEL})"), strict=True
    ):
        axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=10)
        axes.set_axis_off()
    landed = warp_portrait(portrait, targets)
    for column, yaw, target, warped in zip(grid[:, 1:].T, yaws, targets, landed, strict=True):
        show_picture(column[0], turn_portrait(portrait, yaw), f"{yaw:+d}°" if yaw else "0°")
        draw_keypoints(column[1], target, size=4)
        show_picture(column[2], warped)
        for axes in column:
            frame_face(axes, portrait.x_s)
    figure.suptitle(
        f"Turned by angles ({METRIC_MODEL}, top) and onto the keypoints of another head (bottom)", fontsize=10
    )
    return figure


def _sweep(portrait: Portrait, folder: Path) -> None:
    sweep_figure(portrait).savefig(folder / "sweep.png", dpi=110, metadata=SYNTHETIC)


def _turning(portrait: Portrait, folder: Path) -> None:
    frames = [on_white(turn_portrait(portrait, yaw)) for yaw in np.linspace(-40, 40, 25)]
    write_animation(folder / "turn.gif", there_and_back(frames), text=SYNTHETIC)


def _depth(portrait: Portrait, folder: Path) -> None:
    title = f"Depth of the 68 keypoints from one photo ({METRIC_MODEL}: no depth label was ever used)"
    depth_figure(portrait.image, portrait.x_s, portrait.z, title).savefig(folder / "depth.png", dpi=110)


def _mesh(portrait: Portrait, folder: Path) -> None:
    mesh = make_mesh("dense", portrait.x_s, portrait.z)
    export_mesh(folder / "head.glb", portrait.image, mesh.points, mesh.depth, mesh.triangles)


def _onto(portrait: Portrait, other: Portrait, folder: Path) -> None:
    """Source, target, and the source's face on the target's geometry, laid over the target."""
    warped = warp_portrait(portrait, other.x_s[None])[0]
    alpha = warped[..., 3:] > 0
    pictures = [portrait.image, other.image, np.where(alpha, warped[..., :3], other.image)]
    write_image(folder / "target.png", sheet([pictures]), SYNTHETIC)


def _summary(portrait: Portrait, photo: Path | None, target: Path | None) -> dict:
    return {
        "photo": photo.name if photo else "astronaut (scikit-image; NASA, public domain)",
        "target": target.name if target else None,
        "unit": f"pixels of the face's crop, {len(portrait.image)} x {len(portrait.image)}",
        "metric_model": METRIC_MODEL,
        "paper_model": PAPER_MODEL,
        "keypoints": portrait.x_s.round(3).tolist(),
        "depth": portrait.z.round(3).tolist(),
        "yaws": YAWS,
    }
