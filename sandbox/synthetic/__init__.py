"""A country that does not exist: its truth, and what partners would send of it. No stage knows this room."""
