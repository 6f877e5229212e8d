"""What was tried, as one picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.layouts import row
from bokeh.models import HoverTool, Span
from bokeh.palettes import Category10
from bokeh.plotting import figure


def picture(found: Any) -> Any:
    """Accuracy against spikes, one point a setting, and against time, one line a setting.

    Parameters
    ----------
    found : Tuned
    """
    spikes = figure(
        title="Accuracy against spikes",
        x_axis_label="spikes for each item",
        y_axis_label="accuracy",
        x_axis_type="log",
        width=420,
        height=320,
    )
    steps = figure(
        title="Accuracy against time",
        x_axis_label="time (ms)",
        y_range=spikes.y_range,
        width=420,
        height=320,
    )
    for number, tried in enumerate(found.tried):
        colour = Category10[10][number % 10]
        data = {
            "spikes": [max(tried.spikes, 1e-3)],
            "accuracy": [tried.accuracy],
            "setting": [f"{tried.rate:g} Hz, synapse {tried.synapse:g} s"],
            "latency": [1000 * tried.latency],
        }
        spikes.scatter(
            "spikes",
            "accuracy",
            source=data,
            color=colour,
            size=14 if tried is found.best else 8,
            marker="star" if tried is found.best else "circle",
        )
        time = 1000 * found.dt * np.arange(1, len(tried.by_step) + 1)
        steps.line(
            time,
            tried.by_step,
            color=colour,
            line_width=3 if tried is found.best else 1.5,
            legend_label=f"{tried.rate:g} Hz, {1000 * tried.synapse:g} ms",
        )
    spikes.add_tools(
        HoverTool(
            tooltips=[
                ("setting", "@setting"),
                ("accuracy", "@accuracy{0.000}"),
                ("spikes", "@spikes{0,0}"),
                ("latency", "@latency{0} ms"),
            ]
        )
    )
    for plot in (spikes, steps):
        plot.add_layout(Span(location=found.keras_accuracy, dimension="width", line_dash="dashed"))
    steps.legend.location = "bottom_right"
    return row(spikes, steps)
