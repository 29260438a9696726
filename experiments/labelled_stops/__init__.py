"""Homes of 500 real users against the places that they labelled."""
