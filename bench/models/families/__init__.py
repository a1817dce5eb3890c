"""One record a family of transformers' models, by its `model_type`. Imports no torch."""
