"""Raw measurements -> numbers. Pure numpy; imports no torch."""
