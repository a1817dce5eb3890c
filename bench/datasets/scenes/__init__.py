"""Procedural street scenes in the Cityscapes layout: same seed, same bytes."""
