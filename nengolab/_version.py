"""The version, for all that names it; it imports nothing."""

__version__ = "0.1.0"
