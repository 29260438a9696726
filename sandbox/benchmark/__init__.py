"""Benchmark: is it the same thing, how far is it from the official series, and what may be done with it."""
