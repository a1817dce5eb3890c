"""What happens inside a worker, one file a step: weights, dataset, artifact, reference, case."""
