"""A value as pixels."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets.panels.image import Image, guess_shape, read_shape


def test_pictures_are_the_values(show, net, reference) -> None:
    shown = show(net.pixels, "image")
    np.testing.assert_allclose(shown["y"], reference["pixels"][shown.steps - 1], atol=1e-6)
    # Sixty a second and the newest of each frame.
    assert shown.steps[-1] == 300
    assert set(range(17, 301, 17)) <= set(shown.steps)
    assert {k: shown.data[k] for k in ("height", "width", "channels")} == {
        "height": 4,
        "width": 4,
        "channels": 3,
    }


@pytest.mark.parametrize(
    ("size", "shape"),
    [(784, (28, 28, 1)), (3072, (32, 32, 3)), (48, (4, 4, 3)), (6, (2, 3, 1)), (7, (1, 7, 1))],
)
def test_shapes_are_guessed(size: int, shape: tuple) -> None:
    assert guess_shape(size) == shape


def test_shapes_are_read() -> None:
    assert read_shape("6x8", 48) == (6, 8, 1)
    assert read_shape("(2, 8, 3)", 48) == (2, 8, 3)
    with pytest.raises(ValidationError, match="has 25 values, there are 48; 4x4x3 would do"):
        read_shape("5x5", 48)
    with pytest.raises(ValidationError, match="such as 28x28"):
        read_shape("wide", 48)


def test_what_it_suits(net) -> None:
    assert Image.suits(net.pixels)
    assert not Image.suits(net.adaptive)
