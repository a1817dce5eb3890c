"""What crosses to a worker and back: one job, one report, both JSON."""
