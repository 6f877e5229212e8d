"""``Simulator``: what a person holds. Each class adds to the one before, a line a method.

``base`` builds and owns, ``running`` runs, ``fitting`` trains, ``simulator`` saves. What does the
work is below: an `Engine`, a `Trainer`, a `Saver`.
"""

from nengolab.simulator.base import Tap
from nengolab.simulator.simulator import Simulator

__all__ = ["Simulator", "Tap"]
