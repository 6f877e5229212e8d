"""For the tests of converting."""

import keras
import pytest


@pytest.fixture
def double_precision():
    """Keras computes in double precision meanwhile."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])
