"""The x-y plot: pairs of values that belong together."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets.choice import kinds_of, read_choice
from nengolab_widgets.panels.xy import XY

from nengolab.names import Names


def test_two_dimensions_of_one(show, net, reference) -> None:
    shown = show(net.plane, "xy")
    np.testing.assert_allclose(shown["y"], reference["plane"][shown.steps - 1], atol=1e-6)
    assert shown.steps[-1] == 300
    assert len(shown.steps) > 250
    assert (shown.data["x"], shown.data["y"]) == ("dimension 0", "dimension 1")


def test_one_of_each_of_two(show, net, reference) -> None:
    shown = show((net.wave, net.plane), "xy", x=1, y=0)
    # Both axes are seen through the filter of the ensemble.
    expected = np.column_stack([reference["filtered wave"][:, 1], reference["plane"][:, 0]])
    np.testing.assert_allclose(shown["y"], expected[shown.steps - 1], atol=1e-6)
    assert shown.data["x"] == "wave 1"
    assert shown.layout["what"] == "x-y, 30 ms filter"


def test_what_it_suits(net) -> None:
    assert XY.suits((net.plane, net.adaptive))
    assert not XY.suits(net.adaptive)
    assert not XY.suits((net.plane, net.plane.neurons, net.wave))
    assert XY in kinds_of(net.plane)
    assert read_choice((net.plane, net.wave), Names(net)).kind == "xy"


def test_a_dimension_that_is_not_there_is_named(show, net) -> None:
    with pytest.raises(ValidationError, match="has 2 values, there is no number 7"):
        show(net.plane, "xy", y=7)
