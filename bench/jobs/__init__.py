"""What crosses to a worker and back, both JSON: a file a step, with its job and its report."""
