"""Keypoints in space, to turn with the mouse."""

import numpy as np
import plotly.graph_objects as go

from ..layouts import layout_of
from ..plots import DEPTH_COLOURS


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
