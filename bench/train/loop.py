"""The training loop: data-parallel processes, checkpoints, a curve, the mean of the weights."""

from __future__ import annotations

import copy
import csv
import json
import math
import os
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from bench.models import micro
from bench.train import data, losses

if TYPE_CHECKING:
    from bench.train.recipe import Recipe

MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def train(recipe: Recipe, out: Path, *, say: Any = print) -> Path:
    """Folder with config.json, model.safetensors, recipe.json and curve.csv; resumes in `out`."""
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    if recipe.processes == 1:
        _process(0, recipe, work, say)
    else:
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", "29517")
        mp.spawn(_process, (recipe, work, say), nprocs=recipe.processes)
    model = _build(recipe)[0]
    state = torch.load(work / "checkpoint.pt", weights_only=True)
    model.load_state_dict(state["ema"])
    model.save_pretrained(out)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n")
    (out / "curve.csv").write_text((work / "curve.csv").read_text())
    return out


def _build(recipe: Recipe) -> tuple[Any, Any]:
    """Model and its training-only head, from the recipe's seed."""
    torch.manual_seed(recipe.seed)
    if recipe.model == "segformer-micro":
        return micro.segformer_micro(), torch.nn.Identity()
    return micro.mask2former_micro(), torch.nn.Conv2d(64, micro.NUM_LABELS, 1)


def _process(rank: int, recipe: Recipe, work: Path, say: Any) -> None:
    """One data-parallel process."""
    torch.set_num_threads(1)
    several = recipe.processes > 1
    if several:
        dist.init_process_group(
            "gloo", rank=rank, world_size=recipe.processes, timeout=timedelta(minutes=20)
        )
    for split, count in (("train", recipe.scenes), ("val", recipe.validation_scenes)):
        done = work / f"{split}.{rank}.done"
        if not done.exists():
            data.store(work, recipe, split, count, rank, recipe.processes)
            done.touch()
    if several:
        dist.barrier()
    images, labels = data.open_store(work, recipe, "train", recipe.scenes)
    model, head = _build(recipe)
    ema = copy.deepcopy(model).eval()
    params = [p for m in (model, head) for p in m.parameters()]
    optimiser = torch.optim.AdamW(_groups(model, head, recipe), lr=recipe.learning_rate)
    weight = _class_weights(labels, recipe)
    loss_of = (
        losses.segformer_loss if recipe.model == "segformer-micro" else losses.mask2former_loss
    )
    first = _resume(work, model, head, ema, optimiser)
    started = time.monotonic()
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, recipe)
        rng = np.random.default_rng((recipe.seed, 99, step, rank))
        whole = step >= recipe.full_size_from * recipe.steps
        x, y = data.batch(images, labels, rng, recipe, whole=whole)
        model.train()
        kwargs = {} if recipe.model == "segformer-micro" else {"output_auxiliary_logits": True}
        with torch.autocast("cpu", torch.bfloat16):
            outputs = model(pixel_values=(torch.from_numpy(x) - MEAN) / STD, **kwargs)
        loss = loss_of(outputs, head, torch.from_numpy(y), weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if several:
            _average(params, recipe.processes)
        torch.nn.utils.clip_grad_norm_(params, recipe.clip_norm)
        optimiser.step()
        decay = min(recipe.ema_decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, new in zip(ema.parameters(), model.parameters(), strict=True):
                mean.lerp_(new, 1 - decay)
            for mean, new in zip(ema.buffers(), model.buffers(), strict=True):
                mean.copy_(new)
        if rank:
            continue
        last = step + 1 == recipe.steps
        if step % 25 == 0:
            say(
                f"step {step} loss {loss.item():.3f} {time.monotonic() - started:.0f} s", flush=True
            )
        if last or (step + 1) % recipe.validate_every == 0:
            miou = validate(ema, recipe, work)
            _note(work / "curve.csv", step + 1, loss.item(), miou)
            say(f"step {step + 1} mIoU {miou:.4f}", flush=True)
        if last or (step + 1) % 200 == 0:
            _save(work, step + 1, model, head, ema, optimiser)
    if several:
        dist.barrier()
        dist.destroy_process_group()


def validate(model: Any, recipe: Recipe, work: Path) -> float:
    """mIoU, fraction, of whole scenes of the split `val`."""
    images, labels = data.open_store(work, recipe, "val", recipe.validation_scenes)
    n = micro.NUM_LABELS
    counts = np.zeros((n, n), np.int64)
    model.eval()
    for image, truth in zip(images, labels, strict=True):
        x = torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1) / 255.0)
        with torch.no_grad():
            outputs = model(pixel_values=((x - MEAN) / STD)[None])
        if recipe.model == "segformer-micro":
            logits = outputs.logits
        else:
            logits = torch.einsum(
                "bqc,bqhw->bchw",
                outputs.class_queries_logits.softmax(-1)[..., :n],
                outputs.masks_queries_logits.sigmoid(),
            )
        up = torch.nn.functional.interpolate(logits, truth.shape, mode="bilinear")
        found = up.argmax(1)[0].numpy()
        keep = truth != data.IGNORE
        pairs = truth[keep].astype(np.int64) * n + found[keep]
        counts += np.bincount(pairs, minlength=n * n).reshape(n, n)
    hit = np.diag(counts)
    union = counts.sum(0) + counts.sum(1) - hit
    return float((hit[union > 0] / union[union > 0]).mean())


def _groups(model: Any, head: Any, recipe: Recipe) -> list[dict[str, Any]]:
    """No weight decay on biases, norms and position tables."""
    decay, plain = [], []
    for name, p in [*model.named_parameters(), *head.named_parameters()]:
        skip = p.ndim < 2 or "relative_position" in name or "embed" in name
        (plain if skip else decay).append(p)
    return [
        {"params": decay, "weight_decay": recipe.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]


def _class_weights(labels: np.memmap, recipe: Recipe) -> torch.Tensor:
    """Weights, float32 (19,), mean one."""
    counts = np.bincount(labels[::8, ::4, ::4].ravel(), minlength=256)[: micro.NUM_LABELS]
    raw = (np.maximum(counts, 1) / counts.sum()) ** -recipe.class_weight_power
    return torch.tensor(raw / raw.mean(), dtype=torch.float32)


def _rate(step: int, recipe: Recipe) -> float:
    """Learning rate: linear warm-up, then a cosine to one hundredth."""
    if step < recipe.warm_up_steps:
        return recipe.learning_rate * (step + 1) / recipe.warm_up_steps
    t = (step - recipe.warm_up_steps) / max(1, recipe.steps - recipe.warm_up_steps)
    return recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * t)))


def _average(params: list[torch.nn.Parameter], world: int) -> None:
    """Average gradients over processes, in one flat message."""
    flat = torch.cat([
        (p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in params
    ])
    dist.all_reduce(flat)
    flat /= world
    at = 0
    for p in params:
        p.grad = flat[at : at + p.numel()].view_as(p)
        at += p.numel()


def _note(path: Path, step: int, loss: float, miou: float) -> None:
    fresh = not path.exists()
    with path.open("a", newline="") as f:
        rows = csv.writer(f, lineterminator="\n")
        if fresh:
            rows.writerow(["step", "loss", "val_miou"])
        rows.writerow([step, f"{loss:.4f}", f"{miou:.4f}"])


def _save(work: Path, step: int, model: Any, head: Any, ema: Any, optimiser: Any) -> None:
    state = {
        "step": step, "model": model.state_dict(), "head": head.state_dict(),
        "ema": ema.state_dict(), "optimiser": optimiser.state_dict(),
    }  # fmt: skip
    torch.save(state, work / "checkpoint.tmp")
    (work / "checkpoint.tmp").rename(work / "checkpoint.pt")


def _resume(work: Path, model: Any, head: Any, ema: Any, optimiser: Any) -> int:
    """Step to begin with, after loading the last checkpoint."""
    path = work / "checkpoint.pt"
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    head.load_state_dict(state["head"])
    ema.load_state_dict(state["ema"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])
