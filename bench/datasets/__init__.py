"""Labelled sets of images, one file (or folder) a loader. Imports no torch."""
