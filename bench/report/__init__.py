"""Record -> card: a view of the numbers, sections of blocks, and what renders them."""
