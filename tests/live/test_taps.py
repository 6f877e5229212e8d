"""One tap a signal, and spare ones for those that come back."""

from nengolab.live.taps import SPARE, Taps


class Tap:
    error = None


class Tapped:
    """What `Taps` asks of a simulator."""

    def __init__(self):
        self.taps, self.made = [], 0

    def add_tap(self, target, attr):
        self.made += 1
        self.taps.append(Tap())
        return self.taps[-1]

    def remove_tap(self, tap):
        self.taps.remove(tap)


def test_probes_of_one_signal_share_a_tap(net):
    sim = Tapped()
    taps = Taps(sim)
    first = taps.take(net.ens.neurons, "output")
    assert taps.take(net.ens.neurons, "output") is first
    assert taps.take(net.ens.neurons, "voltage") is not first
    assert taps.take(net.ens.neurons[:5], "output") is not first
    assert taps.take(net.ens.neurons[:5], "output") is taps.take(net.ens.neurons[:5], "output")
    assert sim.made == 3


def test_a_tap_that_nobody_needs_stays_for_a_while(net):
    sim = Tapped()
    taps = Taps(sim)
    tap = taps.take(net.ens, None)
    taps.leave(tap)
    assert taps.take(net.ens, None) is tap
    taps.leave(tap)
    others = [taps.take(net.ens.neurons[i], None) for i in range(SPARE + 2)]
    for other in others:
        taps.leave(other)
    assert len(sim.taps) == SPARE
    assert tap not in sim.taps
    taps.clear()
    assert sim.taps == []


def test_a_tap_that_failed_is_no_spare(net):
    sim = Tapped()
    taps = Taps(sim)
    tap = taps.take(net.ens, None)
    tap.error = RuntimeError("no such signal")
    assert taps.take(net.ens, None) is not tap
    taps.leave(tap)
    assert tap not in sim.taps
