"""From a ``nengo.Network`` to a ``Program``: build, simplify, schedule, lower."""
