"""What a plot accepts, and how it says what it does not."""

import nengo
import pytest
from nengo.exceptions import ValidationError

from nengolab.live import LinesSpec, RasterSpec, RatesSpec
from nengolab.live.recorder import check_room


def test_kinds(net, live_probe):
    assert live_probe(net.ens).kind == "values"
    assert live_probe(net.ens.neurons).kind == "spikes"
    assert live_probe(net.ens.neurons[:5]).kind == "spikes"
    assert live_probe(net.ens.neurons, "voltage").kind == "values"
    assert live_probe(net.ens.neurons, synapse=0.01).kind == "values"
    assert live_probe(net.rate.neurons).kind == "rates"
    assert live_probe(net.probe).kind == "values"
    assert [live_probe(x).size for x in (net.ens, net.ens.neurons, net.drive)] == [1, 30, 1]
    assert live_probe(net.ens.neurons[:5]).size == 5
    assert live_probe(net.ens.neurons).label == "ens.neurons.output"


def test_rate_neurons_do_not_spike(net, live_probe):
    with pytest.raises(ValidationError, match=r"rate neurons do not spike: 'rate'.*LIFRate"):
        RasterSpec(live_probe(net.rate.neurons))
    assert RatesSpec(live_probe(net.rate.neurons)).probes[0].kind == "rates"


@pytest.mark.parametrize("plot", [RasterSpec, RatesSpec])
def test_spikes_are_needed(net, live_probe, plot):
    for probe in (live_probe(net.ens), live_probe(net.ens.neurons, synapse=0.01)):
        with pytest.raises(ValidationError, match=r"'ens.*add_probe\(ensemble.neurons\)"):
            plot(probe)


@pytest.mark.parametrize("window", [0, -1.0, float("nan"), float("inf"), "4"])
def test_odd_windows(net, live_probe, window):
    with pytest.raises(ValidationError, match="window.*positive time"):
        LinesSpec(live_probe(net.ens), window=window)


def test_odd_rates(net, live_probe):
    with pytest.raises(ValidationError, match="tau"):
        RatesSpec(live_probe(net.ens.neurons), tau=0)
    with pytest.raises(ValidationError, match="per.*'neurons'"):
        RatesSpec(live_probe(net.ens.neurons), per="neurons")


def test_a_plot_takes_probes_of_a_session(net):
    with pytest.raises(ValidationError, match="add_probe"):
        LinesSpec(net.probe)


def test_more_than_fits_in_memory_is_refused(net, live_probe):
    probe = live_probe(net.ens.neurons, "voltage")
    with pytest.raises(ValidationError, match=r"'ens.neurons.voltage' are \d+ MB.*shorter window"):
        check_room(LinesSpec(probe, window=3600.0), 0.001)
    check_room(LinesSpec(probe, window=3600.0, dims=slice(0, 1)), 0.001)


def test_what_cannot_be_probed(net, live_probe):
    with nengo.Network():
        stranger = nengo.Node([0.0], label="stranger")
    with pytest.raises(ValidationError, match=r"'stranger' is not in the network 'small'"):
        live_probe(stranger)
    with pytest.raises(ValidationError, match=r"'volts' is not probeable"):
        live_probe(net.ens.neurons, "volts")
    with pytest.raises(ValidationError, match="matrix"):
        live_probe(net.ens, "scaled_encoders")
    with pytest.raises(ValidationError, match="'own probe'.*has its own"):
        live_probe(net.probe, synapse=0.1)
    with pytest.raises(ValidationError, match="not probeable"):
        live_probe(42)
