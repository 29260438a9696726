"""The page: templates and charts as inline SVG; no figure is typed into a template."""
