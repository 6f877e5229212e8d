"""The panels of nengolab, for JupyterLab and everything else that shows Jupyter widgets."""

from .lab import Lab

__all__ = ["Lab"]
