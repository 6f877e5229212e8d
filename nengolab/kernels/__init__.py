"""Kernels: the pure functions that a Program is made of, one file per operator family."""
