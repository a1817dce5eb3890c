"""The same function with less work: parts of a transformers model, rewritten before it is exported.

Swin (transformers' `SwinLayer`) pads its map to whole windows, and then projects the padding, too: at
512 x 1024 a fifth of the positions of stage 3 are padding. Here only the map's own positions are
projected, in one product for queries, keys and values, and one row of zeros, from which every padded
position is taken; the rows of a window are gathered instead of padded, rolled and transposed.
Deformable attention (Mask2Former) stacks its samples, a last axis of a few
elements, before it sums them; here each level's samples are weighted and added as whole planes.

Equal up to the order of additions in float32.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from bench.errors import Unsupported


def lean(model: nn.Module) -> None:
    """Replace in place every part that is known here; Unsupported for a model without one."""
    found = [
        (parent, name, _KNOWN[type(child).__name__](child))
        for parent in model.modules()
        for name, child in parent.named_children()
        if type(child).__name__ in _KNOWN
    ]
    if not found:
        raise Unsupported(
            f"{type(model).__name__} has no part with a lean form.",
            f"Known are {' and '.join(_KNOWN)}.",
        )
    for parent, name, part in found:
        setattr(parent, name, part)


class LeanSwinLayer(nn.Module):
    """A `SwinLayer`; it takes that layer's weights over."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        own = layer.attention
        projections = (own.q_proj, own.k_proj, own.v_proj)
        scales = (own.scaling, 1.0, 1.0)
        channels = own.q_proj.in_features
        biases = [p.bias if p.bias is not None else torch.zeros(channels) for p in projections]
        pairs = [*zip(projections, biases, scales, strict=True)]
        self.weight = nn.Parameter(torch.cat([p.weight.detach() * s for p, _, s in pairs]))
        self.bias = nn.Parameter(torch.cat([b.detach() * s for _, b, s in pairs]))
        self.layer = layer
        del own.q_proj, own.k_proj, own.v_proj

    def forward(
        self,
        hidden_states: torch.Tensor,
        input_dimensions: tuple[int, int],
        always_partition: bool = False,
        **_: Any,
    ) -> tuple[torch.Tensor, None]:
        """Positions, float (N, H * W, C), and no attention weights; `input_dimensions` are H and W."""
        layer = self.layer
        if not always_partition:
            layer.set_shift_and_window_size(input_dimensions)
        height, width = input_dimensions
        batch, channels = hidden_states.shape[0], hidden_states.shape[2]
        side, own = layer.window_size, layer.attention
        down, right = -height % side, -width % side
        # Row height * width is one of zeros, which padded positions are taken from.
        rows = torch.arange(height * width, device=hidden_states.device).view(1, height, width, 1)
        rows = functional.pad(rows, (0, 0, 0, right, 0, down), value=height * width)
        rows = layer.cyclic_shift(rows).view(
            (height + down) // side, side, (width + right) // side, side
        )
        rows = rows.transpose(1, 2).reshape(-1)
        x = layer.layernorm_before(hidden_states)
        if down or right:
            x = functional.pad(x, (0, 0, 0, 1))
        x = functional.linear(x, self.weight, self.bias).index_select(1, rows)
        x = x.view(-1, side * side, 3, own.num_attention_heads, own.head_dim)
        query, key, value = (x[:, :, i].transpose(1, 2) for i in range(3))
        added = own.relative_position_bias()
        mask = layer.get_attn_mask(height + down, width + right, dtype=x.dtype, device=x.device)
        if mask is not None:
            added = added + mask.unsqueeze(1).repeat(batch, 1, 1, 1)
        weights = torch.softmax(query @ key.transpose(-1, -2) + added, -1)
        out = (weights @ value).transpose(1, 2).reshape(batch, -1, channels)
        back = torch.argsort(rows)[: height * width]
        out = own.o_proj(out.index_select(1, back))
        hidden_states = hidden_states + out
        return hidden_states + layer.mlp(layer.layernorm_after(hidden_states)), None


class LeanDeformableAttention(nn.Module):
    """A `Mask2FormerPixelDecoderEncoderMultiscaleDeformableAttention`; it takes its weights over."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention

    def forward(
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        encoder_hidden_states: torch.Tensor | None = None,
        position_embeddings: torch.Tensor | None = None,
        reference_points: torch.Tensor | None = None,
        spatial_shapes_list: Any = None,
        **_: Any,
    ) -> tuple[torch.Tensor, None]:
        """Queries, float (N, Q, C), and no attention weights; reference points are (N, Q, levels, 2)."""
        own, x = self.attention, hidden_states
        if position_embeddings is not None:
            x = x + position_embeddings
        value = own.value_proj(encoder_hidden_states)
        if attention_mask is not None:
            value = value.masked_fill(attention_mask[..., None], 0.0)
        batch, queries, channels = x.shape
        heads, levels, points = own.n_heads, own.n_levels, own.n_points
        offsets = own.sampling_offsets(x).view(batch, queries, heads, levels, points, 2)
        sizes = x.new_tensor([[width, height] for height, width in spatial_shapes_list])
        if reference_points is None:
            raise ValueError("deformable attention without reference points")
        places = reference_points[:, :, None, :, None] + offsets / sizes[:, None]
        grids = (2 * places - 1).permute(3, 0, 2, 4, 1, 5).flatten(1, 2)
        weights = own.attention_weights(x).view(batch, queries, heads, levels * points)
        weights = weights.softmax(-1).view(batch, queries, heads, levels, points)
        weights = weights.permute(3, 0, 2, 4, 1).flatten(1, 2).unsqueeze(2)
        planes = value.view(batch, -1, heads, channels // heads).permute(0, 2, 3, 1).flatten(0, 1)
        parts = planes.split([height * width for height, width in spatial_shapes_list], dim=2)
        out = planes.new_zeros(())
        for level, (height, width) in enumerate(spatial_shapes_list):
            part = parts[level].reshape(batch * heads, -1, height, width)
            sampled = functional.grid_sample(part, grids[level], align_corners=False)
            weighted = sampled * weights[level]
            for point in range(points):
                out = out + weighted[:, :, point]
        return own.output_proj(out.reshape(batch, channels, queries).transpose(1, 2)), None


_KNOWN: dict[str, type[Any]] = {
    "SwinLayer": LeanSwinLayer,
    "Mask2FormerPixelDecoderEncoderMultiscaleDeformableAttention": LeanDeformableAttention,
}
"""Class in transformers -> the module that takes its place."""
