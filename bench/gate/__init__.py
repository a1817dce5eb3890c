"""Record -> verdicts: a run against a blessed baseline. Pure functions; imports no runtime."""
