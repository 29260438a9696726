"""Pure functions on sorted integer arrays and person offsets, compiled; numbers only, no tables, no files.

Each kernel is a plain function `_name`, compiled as `name`. Rows are sorted by person, then time;
`person_offsets` is int64[persons + 1]: rows `person_offsets[p]` up to `person_offsets[p + 1]` are of person p.
"""
