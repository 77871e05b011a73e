"""Figure 1 (left): the network, as supplement S.1.1 describes it."""

from matplotlib.axes import Axes

KEYPOINTS, IMAGES, AFFINE, PLAIN = "#f0b4a0", "#b9d8ee", "#f7cf7f", "#e8e8e8"  # told apart in grey too, by their words

# centre x, y (upward), text, colour
_BOXES = {
    "I_s": (0, 0, "source $I_s$\n80 x 80", IMAGES),
    "I_t": (2, 0, "target $I_t$\n80 x 80", IMAGES),
    "c_s": (0, 1.3, "C 32, 4x4; P 2\nC 48, 3x3; P 2\nC 64, 2x2; P 2", IMAGES),
    "c_t": (2, 1.3, "C 32, 4x4; P 2\nC 48, 3x3; P 2\nC 64, 2x2; P 2", IMAGES),
    "fc": (1, 2.6, "FC 2048\nFC 512", IMAGES),
    "x_s": (-0.35, 2.6, "$x_s$\n(N, 2)", KEYPOINTS),
    "x_t": (2.35, 2.6, "$x_t$\n(N, 2)", KEYPOINTS),
    "hidden": (1, 3.8, "A: FC 256\nB: FC 256, FC 256", KEYPOINTS),
    "z": (0.35, 4.9, "depth $z$ (N)", KEYPOINTS),
    "m": (1.75, 4.9, "affine $m$ (8)", AFFINE),
}
_ARROWS = ("I_s c_s", "I_t c_t", "c_s fc", "c_t fc", "fc hidden", "x_s hidden", "x_t hidden", "hidden z", "hidden m")


def draw_architecture(axes: Axes) -> None:
    """Boxes from the inputs below to depth and affine above."""
    half = {}
    for name, (x, y, text, colour) in _BOXES.items():
        half[name] = 0.12 + 0.075 * (1 + text.count("\n"))  # of the box, about
        style = {"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "0.4", "linewidth": 0.7}
        axes.text(x, y, text, ha="center", va="center", fontsize=9.5, bbox=style)
    for arrow in _ARROWS:
        start, end = arrow.split()
        (x0, y0), (x1, y1) = _BOXES[start][:2], _BOXES[end][:2]
        style = {"arrowstyle": "->", "color": "0.35", "linewidth": 0.8}
        axes.annotate("", (x0 + 0.72 * (x1 - x0), y1 - half[end]), (x0, y0 + half[start]), arrowprops=style)
    axes.plot([0.55, 1.45], [1.3, 1.3], color="0.35", linewidth=0.8, linestyle=":")
    axes.text(1, 1.38, "shared", ha="center", fontsize=8)
    legend = (
        "blue: case A alone (images)   red: A and B (keypoints)\nyellow: predicted in 2.1 and 2.2, solved for in 2.3"
    )
    axes.text(1, -0.75, legend, ha="center", va="center", fontsize=8)
    axes.set(xlim=(-0.95, 2.95), ylim=(-1.05, 5.3))
    axes.set_axis_off()
