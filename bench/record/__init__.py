"""What was found: raw measurements, their result, and the store. Imports no torch."""
