"""What an operator costs: multiply-accumulates, by formula, from the shapes of its tensors.

A MAC is one multiplication and one addition into a sum. Counted are contractions: matrix products,
convolutions, attention, interpolation (each tap is a MAC), and a product that is summed straight
after. Additions, activations, softmax, norms and copies are no MACs; they only move bytes.

The formulas are those of `torch.utils.flop_counter`, which counts two operations a MAC; `MACS` holds
what it lacks.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch.utils.flop_counter import flop_registry, sdpa_flop_count

Rule = Callable[[tuple[Any, ...], torch.Tensor], int]


def _product(first: int) -> Rule:
    """Product of (..., n, k) and (..., k, m) or (k,), arguments `first` and `first + 1`."""
    return lambda a, _: prod(a[first].shape) * prod(a[first + 1].shape[1:][-1:])


def _attention(a: tuple[Any, ...], _: torch.Tensor) -> int:
    """softmax(q k^T) v: both products, masked or not."""
    return int(sdpa_flop_count(*(t.shape for t in a[:3]))) // 2  # type: ignore[no-untyped-call]


def _taps(count: int) -> Rule:
    """Interpolation: each output value is a weighted sum of `count` neighbours."""
    return lambda _, out: count * prod(out.shape)


def _grid_sample(linear: int) -> Rule:
    """By its mode: 0 bilinear, 1 nearest (a copy), 2 bicubic; finding the weights isn't counted."""
    return lambda a, out: {0: linear, 2: 16}.get(int(a[2]), 0) * prod(out.shape)


MACS: dict[str, Rule] = {
    **dict.fromkeys(("mv", "dot", "vdot"), _product(0)),
    **dict.fromkeys(("addmv", "addbmm", "_addmm_activation"), _product(1)),
    "linear": lambda a, _: prod(a[0].shape) * a[1].shape[0],
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_scaled_dot_product_fused_attention_overrideable": _attention,
    "grid_sampler_2d": _grid_sample(4),
    "grid_sampler_3d": _grid_sample(8),
    "upsample_linear1d": _taps(2),
    "upsample_bilinear2d": _taps(4),
    "upsample_trilinear3d": _taps(8),
    "upsample_bicubic2d": _taps(16),
}
"""Operator of aten -> MACs of (arguments, first output), where torch has no formula."""


def macs(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int | None:
    """MACs of a call of an operator; None where no formula is known."""
    if name in MACS:
        return MACS[name](args, out[0] if isinstance(out, tuple | list) else out)
    formula = flop_registry.get(getattr(torch.ops.aten, name, None))
    return None if formula is None else int(formula(*args, **kwargs, out_val=out)) // 2


_QUIET = """
    _softmax _log_softmax _safe_softmax native_layer_norm native_group_norm native_batch_norm
    _native_batch_norm_legit _native_batch_norm_legit_no_training _fused_rms_norm
    sum mean prod amax amin max min argmax argmin any all var var_mean std std_mean norm
    linalg_vector_norm cumsum cumprod logsumexp sort topk native_dropout
    max_pool2d_with_indices _adaptive_avg_pool2d avg_pool2d _adaptive_avg_pool1d avg_pool1d
    avg_pool3d _adaptive_avg_pool3d max_pool3d_with_indices glu
    upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact2d
    cat stack clone copy _to_copy contiguous roll flip rot90 repeat repeat_interleave tile
    constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d
    pixel_shuffle pixel_unshuffle im2col col2im channel_shuffle native_channel_shuffle
    index index_put index_select index_add gather scatter scatter_add embedding masked_fill
    masked_scatter masked_select where nonzero one_hot take tril triu diag_embed
    arange linspace zeros ones full zeros_like ones_like full_like new_zeros new_ones new_full
    scalar_tensor eye fill zero rand randn randint rand_like randn_like bernoulli
    select_scatter slice_scatter _local_scalar_dense is_nonzero equal
    """
NO_MACS = frozenset(_QUIET.split())
"""Operators without MACs that aren't marked as elementwise by torch; they move bytes."""

_STILL = """
    _unsafe_view _reshape_alias _reshape_copy lift lift_fresh detach alias view_of
    empty empty_like empty_strided new_empty new_empty_strided _efficientzerotensor
    sym_size sym_stride sym_numel sym_storage_offset size stride resize set_ is_contiguous
    """
UNMOVED = frozenset(_STILL.split())
"""Operators that neither read nor write an element; so does every view."""


def name_of(func: Any) -> str:
    """`mm` of `aten.mm.default`; other libraries' names keep their prefix, `mylib.op`."""
    space, _, name = func._schema.name.partition("::")  # noqa: SLF001 - torch has no public way
    return name if space == "aten" else f"{space}.{name}"


def functional(name: str) -> str:
    """The name without the mark of an operator that works in place."""
    return name if name.endswith("__") else name.removesuffix("_")


def moves(func: Any) -> bool:
    """Whether an operator reads or writes elements."""
    return not func.is_view and functional(name_of(func)) not in UNMOVED


def elementwise(func: Any) -> bool:
    """Whether torch marks an operator, or its twin that doesn't work in place, as elementwise."""
    if torch.Tag.pointwise in func.tags:
        return True
    twin = getattr(torch.ops.aten, functional(name_of(func)), None)
    if twin is None:
        return False
    return any(torch.Tag.pointwise in getattr(twin, o).tags for o in twin.overloads())
