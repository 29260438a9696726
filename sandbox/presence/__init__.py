"""From events to presence: evidence that a person was in a place on a local day."""
