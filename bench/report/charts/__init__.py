"""Charts as hand-made SVG: same numbers, same bytes; colours come from the page."""
