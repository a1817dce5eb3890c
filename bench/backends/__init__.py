"""Artifact -> session, one file a runtime."""
