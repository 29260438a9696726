"""What a person types: one file a noun; parse, call, print; no logic."""
