"""The lines of Python that a plot offers to copy draw the same kind of picture; they are run."""

from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import nengo
import numpy as np
import pytest
from nengolab_widgets import Lab

from nengolab.live import Session
from tests.widgets.panels.showing import DT, SECONDS

AFTER = "# After a run:"


@pytest.fixture
def drawn(net: nengo.Network, session: Session) -> Iterator[Callable[..., Any]]:
    """Run what a panel offers, with a nengo.Simulator; give the axes, and its variables."""
    plt.switch_backend("Agg")

    def run(obj: Any, kind: str, **settings: Any) -> tuple[Any, dict[str, Any]]:
        lab = Lab(session, plots=[(obj, kind, settings)], window=SECONDS)
        [layout] = lab._bench.layouts()
        lab.close()
        before, after = layout["python"].split(AFTER)
        names = {name: getattr(net, name) for name in ("plane", "wave", "adaptive", "pixels")}
        space = {"nengo": nengo, "net": net, **names}
        probes = list(net.probes)
        try:
            exec(before, space)
            with nengo.Simulator(net, progress_bar=False) as sim:
                sim.run(SECONDS, progress_bar=False)
                space["sim"] = sim
                exec(after, space)
        finally:
            net.probes[:] = probes
        return plt.gca(), space

    yield run
    plt.close("all")


def test_histogram(drawn, net, reference) -> None:
    axes, _ = drawn(net.plane, "histogram", span=0.1, bins=8, range=[-1, 1])
    expected = reference["plane"][-100:]
    for dim, patch in zip((1, 0), axes.patches, strict=True):
        # Matplotlib lists the first last. An outline: two points for each bin.
        heights = patch.get_xy()[1:-1:2, 1]
        counts = np.histogram(expected[:, 1 - dim], 8, (-1, 1))[0]
        np.testing.assert_allclose(heights[:8], counts / 100, atol=0.011)
    assert axes.get_ylabel() == "share of samples"
    drawn(net.plane, "histogram", dims="1")


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_spectrum(drawn, net, scale: str) -> None:
    plt.figure()
    axes, _ = drawn(net.wave, "spectrum", span=0.256, highest=50, scale=scale, dims="0")
    [line] = axes.lines
    frequency, power = line.get_data()
    # sin(20 t), as fine as 128 samples can tell.
    assert abs(frequency[power.argmax()] - 20 / (2 * np.pi)) < 1 / (128 * DT)
    assert axes.get_yscale() == scale
    assert axes.get_xlim() == (0, 50)


def test_xy(drawn, net, reference) -> None:
    axes, _ = drawn((net.wave, net.plane), "xy", x=1, y=0, trail=0.1)
    x, y = axes.lines[0].get_data()
    assert len(x) in (100, 101)
    np.testing.assert_allclose(x, reference["filtered wave"][-len(x) :, 1], atol=1e-9)
    np.testing.assert_allclose(y, reference["plane"][-len(y) :, 0], atol=1e-9)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("wave 1", "plane 0")
    plt.figure()
    axes, _ = drawn(net.plane, "xy", range=[-2, 2])
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 2), (-2, 2))


@pytest.mark.parametrize("colours", ["grey", "amounts", "signed"])
def test_image(drawn, net, reference, colours: str) -> None:
    plt.figure()
    last = reference["pixels"][-1]
    axes, _ = drawn(net.pixels, "image", shape="6x8", colours=colours)
    [image] = axes.images
    np.testing.assert_allclose(image.get_array(), last.reshape(6, 8))
    low, high = image.get_clim()
    assert (low, high) == ((-1, 1) if colours == "signed" else (min(0, last.min()), 1))


def test_image_of_channels(drawn, net, reference) -> None:
    last = reference["pixels"][-1]
    axes, _ = drawn(net.pixels, "image", shape="4x4x3", range=[-1, 1])
    colours = np.clip((last.reshape(4, 4, 3) + 1) / 2, 0, 1)
    np.testing.assert_allclose(axes.images[0].get_array(), colours)
    plt.figure()
    axes, _ = drawn(net.pixels, "image", shape="4x6x2")
    shown = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(shown[:, :6], last.reshape(4, 6, 2)[..., 0])
    np.testing.assert_allclose(shown[:, 6:], last.reshape(4, 6, 2)[..., 1])


def test_spike_grid(drawn, net, reference) -> None:
    axes, _ = drawn(net.plane, "spikegrid", fade=0.05)
    light = np.asarray(axes.images[0].get_array().filled(np.nan)).ravel()
    assert np.isnan(light[30:]).all()
    spiked = reference["spikes"] > 0
    for neuron in range(30):
        steps = np.flatnonzero(spiked[:, neuron])
        expected = np.exp((steps[-1] - 299) * DT / 0.05) if len(steps) else 0
        assert light[neuron] == pytest.approx(expected, rel=1e-6)


def test_intervals(drawn, net, reference) -> None:
    axes, _ = drawn(net.adaptive, "intervals", span=0.3, longest=0.2, bins=20, neurons="1:8")
    steps = [np.flatnonzero(row) for row in reference["adaptive spikes"].T[1:8] > 0]
    each = [np.diff(s).astype(float) for s in steps]
    every = np.concatenate(each)
    assert len(every) > 10
    assert sum(p.get_height() for p in axes.patches) == (every <= 200).sum()
    variation = np.mean([i.std() / i.mean() for i in each if len(i) > 1])
    assert axes.get_title() == f"mean {every.mean():.3g} ms, mean CV of neurons {variation:.2f}"


def test_lines_over_time_and_spikes(drawn, net, reference) -> None:
    axes, space = drawn(net.plane, "value")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), reference["plane"][:, 0], atol=1e-9)
    assert "np" not in space
    plt.figure()
    axes, _ = drawn(net.plane, "raster")
    assert len(axes.lines[0].get_xdata()) == (reference["spikes"] > 0).sum()
