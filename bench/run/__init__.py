"""Ask -> find: plans a suite, runs every step in a process of its own, stores what comes back."""
