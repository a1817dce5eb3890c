"""Live comparisons: burst-interleaved pairs of processes, the self-test, the gate study."""
