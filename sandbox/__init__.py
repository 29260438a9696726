"""From three kinds of big data to labelled experimental migration statistics."""

__version__ = "0.1.0"
