"""Two architectures of a few thousand parameters, to be built from a seed."""

from bench.suite.model import Model

SEGFORMER = {
    "model_type": "segformer",
    "num_labels": 19,
    "hidden_sizes": [8, 8, 16, 16],
    "depths": [1, 1, 1, 1],
    "num_attention_heads": [1, 1, 2, 2],
    "decoder_hidden_size": 16,
}
MASK2FORMER = {
    "model_type": "mask2former",
    "num_labels": 19,
    "num_queries": 4,
    "hidden_dim": 32,
    "feature_size": 32,
    "mask_feature_size": 32,
    "encoder_layers": 1,
    "decoder_layers": 3,
    "dim_feedforward": 32,
    "encoder_feedforward_dim": 32,
    "num_attention_heads": 2,
    "dropout": 0.0,
    "backbone_config": {
        "model_type": "swin",
        "image_size": 64,
        "embed_dim": 8,
        "depths": [1, 1, 1, 1],
        "num_heads": [1, 1, 2, 2],
        "window_size": 2,
        "out_features": ["stage1", "stage2", "stage3", "stage4"],
    },
}


def model(name: str, config: dict[str, object]) -> Model:
    """A model of seeded weights."""
    return Model(name=name, source="seeded", location="", seed=3, config=config)
