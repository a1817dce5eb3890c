"""What a model is asked to do: ground truth, counts of an image, ratios of a set. Pure numpy."""
