"""A value as numbers."""

import numpy as np


def test_numbers_are_values_that_there_were(show, net, reference) -> None:
    shown = show(net.plane, "text", decimals=2)
    np.testing.assert_allclose(shown["y"], reference["plane"][shown.steps - 1], atol=1e-6)
    assert shown.steps[-1] == 300
    assert shown.data == {"names": ["dimension 0", "dimension 1"], "decimals": 2}
