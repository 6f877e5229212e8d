"""Runs of training: started in the background, steered, kept in a folder, compared.

A run is a ``sim.fit`` on a thread of its own, all of which is on disk: settings, environment, the
fingerprint of the data, the code, metrics as TensorBoard's event files, and a checkpoint after
every epoch, from which it goes on to the same numbers whatever ended it::

    run = nengolab.runs.start(sim, x, y, epochs=20)   # returns at once
    run.pause(); run.resume(); run.set_learning_rate(1e-4); run.stop()
    nengolab.runs.open("runs").table()                # all of them, as pandas has tables

`start_sweep` makes many of them, each with settings of its own, in other processes.
"""

from nengolab.runs.catalogue import Catalogue, open
from nengolab.runs.launch import go_on, start
from nengolab.runs.plan import Plan
from nengolab.runs.record import Record
from nengolab.runs.run import Run
from nengolab.runs.sweeping import start_sweep

__all__ = ["Catalogue", "Plan", "Record", "Run", "go_on", "open", "start", "start_sweep"]
