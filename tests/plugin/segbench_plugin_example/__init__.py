"""What another package can add to segbench."""
