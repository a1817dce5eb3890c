"""Who does a job: the worker's process, started and ended."""
