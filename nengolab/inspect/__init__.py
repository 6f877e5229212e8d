"""Looking inside a network: pure functions that give arrays and small dataclasses with units.

Each takes a network (nothing is run), a ``nengo.Simulator`` or a `nengolab.Simulator`, and an
object of it or its name.
"""

from nengolab.inspect.activities import Activity, activity
from nengolab.inspect.behind_layers import LayerCurves, layer_before, layer_curves
from nengolab.inspect.beside import side_by_side
from nengolab.inspect.connections import Figures, Weights, weights
from nengolab.inspect.described import describe, diff_described
from nengolab.inspect.differences import Differences, Differing, diff
from nengolab.inspect.explaining import Explanation, explain
from nengolab.inspect.falling import error_by_dt, error_by_neurons
from nengolab.inspect.points import on_sphere
from nengolab.inspect.populations import Population, population
from nengolab.inspect.quantities import Quantity, Story, Term
from nengolab.inspect.story import pipeline
from nengolab.inspect.tuning import Curves, response_curves, tuning_curves
from nengolab.inspect.twins import Comparison, Twin, compare, twin_type

__all__ = [
    "Activity",
    "Comparison",
    "Curves",
    "Differences",
    "Differing",
    "Explanation",
    "Figures",
    "LayerCurves",
    "Population",
    "Quantity",
    "Story",
    "Term",
    "Twin",
    "Weights",
    "activity",
    "compare",
    "describe",
    "diff",
    "diff_described",
    "error_by_dt",
    "error_by_neurons",
    "explain",
    "layer_before",
    "layer_curves",
    "on_sphere",
    "pipeline",
    "population",
    "response_curves",
    "side_by_side",
    "tuning_curves",
    "twin_type",
    "weights",
]
