"""A named architecture with weights, one file a kind of source."""
