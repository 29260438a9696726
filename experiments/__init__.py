"""Experiments on real input; each ends in a verdict."""
