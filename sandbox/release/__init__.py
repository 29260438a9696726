"""The edition: figures, page, structure, quality, provenance; built as bytes, checked and made again."""
