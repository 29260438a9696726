"""Seconds of ingestion and of the checker beside DuckDB on the same files."""
