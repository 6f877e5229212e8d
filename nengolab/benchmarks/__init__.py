"""Benchmarks: named networks on ``nengo.Simulator`` and on nengolab, in turn, in one process."""
