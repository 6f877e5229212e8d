"""Engine data to samples with their steps."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengolab.live.probes import Feed


def test_the_first_item_of_a_batch_is_shown(net, live_probe):
    feed = Feed(live_probe(net.ens), object(), 0.001)
    data = np.arange(12.0).reshape(3, 4, 1)
    steps, values = feed.samples(data, 11, 14)
    assert steps.tolist() == [11, 12, 13, 14]
    np.testing.assert_array_equal(values, data[0])


@pytest.mark.parametrize("cut", [1, 3, 4, 7])
def test_steps_of_a_probe_with_sample_every(net, live_probe, cut):
    # nengo samples at the steps where n_steps % (sample_every / dt) < 1.
    feed, got = Feed(live_probe(net.thin_probe), net.thin_probe, 0.001), []
    for first in range(1, 40, cut):
        last = first + cut - 1
        count = sum(step % 4 < 1 for step in range(first, last + 1))
        got += feed.samples(np.zeros((1, count, 1)), first, last)[0].tolist()
    assert got == list(range(4, got[-1] + 1, 4))
    assert got[-1] >= 36


def test_data_that_does_not_fit_is_no_guess(net, live_probe):
    feed = Feed(live_probe(net.ens), object(), 0.001)
    with pytest.raises(ValidationError, match=r"'ens.decoded_output': expected .*\(4, 1\)"):
        feed.samples(np.zeros((1, 3, 1)), 1, 4)
