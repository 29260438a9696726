"""The field's knowledge as data: rules, codes, indicators. Nothing here computes."""
