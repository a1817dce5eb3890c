"""Counting what a model has to do, and timing its parts; loaded by the step `work` alone."""
