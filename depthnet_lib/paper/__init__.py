"""The paper's tables and figures, a module each: `depthnets figures ID` makes what the module's ``make`` returns.

A module has ``DATA``, the data sets it is made on unless others are asked for, and ``make(data) -> Plate``. It only
calls the library; what it plots is computed anew each time, or comes from weights that the kit holds.
"""

from dataclasses import dataclass, field

from matplotlib.figure import Figure

# id -> (module of this package, what the paper shows under that number)
MANIFEST: dict[str, tuple[str, str]] = {
    "table1": ("table1", "Keypoint error on paired faces of one person, eight models, with its histogram"),
    "table2": ("table2", "DepthCorr by source and target pose, DepthNet with and without GAN"),
    "table3": ("table3", "MSE and DepthCorr beside AIGN, MOFA and true depth"),
    "fig1": ("sweeps", "The network, and a frontal face carried onto a range of poses"),
    "fig2": ("fig2", "Predicted against true depth, heat maps"),
    "fig3": ("fig3", "Estimated depth of some faces by each model"),
    "fig4": ("repair_figures", "Background synthesis with CycleGAN"),
    "fig5": ("repair_figures", "Face swap, repaired with CycleGAN"),
    "figS1": ("fig3", "More of figure 3"),
    "figS2": ("sweeps", "A frontal face onto a range of poses"),
    "figS3": ("sweeps", "More of figure S2"),
    "figS4": ("sweeps", "A turned face onto a range of poses"),
    "figS5": ("sweeps", "A face onto poses of the same person"),
    "figS6": ("repair_figures", "More of figure 4"),
    "figS7": ("repair_figures", "More of figure 5"),
    "figS8": ("repair_figures", "Extreme poses repaired and re-projected"),
    "deviations": ("deviations", "Where the kit leaves the paper's text, why, and what that changes"),
    "ablation": ("ablation", "What each part of the metric model brings"),
}


@dataclass(frozen=True)
class Plate:
    """What a module makes: the plotted numbers (plain values), a figure of them, and for tables Markdown."""

    numbers: dict
    figure: Figure
    markdown: str | None = None
    notes: list[str] = field(default_factory=list)
