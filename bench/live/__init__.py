"""Live comparisons: burst-interleaved pairs of processes, and the self-test."""
