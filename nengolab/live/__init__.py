"""A Nengo network that runs live, for panels and for plain scripts.

A `Session` owns a simulator on a thread of its own. Plots say what to see, a listener
receives it in frames that are thinned to what a screen can show, and commands go in from
any thread while it runs::

    import nengo
    from nengolab.live import LinesSpec, RatesSpec, Session

    with nengo.Network(seed=1) as net:
        drive = nengo.Node([0.2], label="drive")
        ens = nengo.Ensemble(100, 1, label="ens")
        nengo.Connection(drive, ens)

    with Session(net, speed=None) as session:
        value = session.add_probe(ens, synapse=0.02)
        spikes = session.add_probe(ens.neurons)
        plots = [LinesSpec(value, window=1.0), RatesSpec(spikes, window=1.0)]
        listener = session.subscribe(plots)
        value.attached.result(), spikes.attached.result()
        session.set_input(drive, [0.8])
        session.run_for(0.5)
        session.wait_until("finished")
        listener.snapshot()
        frame = listener.get(timeout=10)
        while frame.header["state"] != "finished":
            frame = listener.get(timeout=10)
        print(frame.time, frame.arrays(plots[0].id)["y"][-1])

Nothing here knows of widgets.
"""

from .changes import Change
from .frames import Frame
from .history import History
from .listener import Listener
from .machine import Return
from .plots import LinesSpec, RasterSpec, RatesSpec
from .prints import PrintedLine
from .probes import LiveProbe
from .session import Session
from .specs import LookSpec, PanelSpec, StreamSpec

__all__ = [
    "Change",
    "Frame",
    "History",
    "LinesSpec",
    "Listener",
    "LiveProbe",
    "LookSpec",
    "PanelSpec",
    "PrintedLine",
    "RasterSpec",
    "RatesSpec",
    "Return",
    "Session",
    "StreamSpec",
]
