"""What crosses to a worker and back, both JSON: the job and the report of each step."""
