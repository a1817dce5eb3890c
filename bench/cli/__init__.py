"""The command `segbench`, one file a verb."""
