"""Audience estimates of a platform in the EU against Eurostat stocks."""
