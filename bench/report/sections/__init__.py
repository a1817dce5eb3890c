"""Sections of the card: each module has `section(view)`; the registry names them in order."""
