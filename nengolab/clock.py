"""How the number of a step reaches what is compiled: as two numbers, exact in single precision."""

CLOCK_BASE = 4096  # the step is (above) * CLOCK_BASE + (below)
