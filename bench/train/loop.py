"""The training loop: data-parallel processes, checkpoints, a curve, the mean of the weights."""

import csv
import json
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from bench.errors import BadInput
from bench.models import micro
from bench.train import data, losses
from bench.train.panoptic import panoptic_loss
from bench.train.recipe import Recipe
from bench.train.state import State, begin, build, follow, rate, resume, save
from bench.train.validate import MEAN, STD, validate

Say = Callable[[str], None]

CHECKPOINT_EVERY = 200
"""Steps between checkpoints: the most that a killed run repeats."""
SAY_EVERY = 25
LOSSES = {
    "segformer-micro": (losses.segformer_loss, {}),
    "mask2former-micro": (losses.mask2former_loss, {"output_auxiliary_logits": True}),
    "mask2former-micro-panoptic": (panoptic_loss, {"output_auxiliary_logits": True}),
}
"""Model -> its loss, and what the model is asked for."""


def to_stderr(line: str) -> None:
    """Print a line of progress; standard output is for results."""
    print(line, file=sys.stderr, flush=True)


def train(recipe: Recipe, out: Path, *, say: Say = to_stderr) -> Path:
    """Folder with config.json, model.safetensors, recipe.json and curve.csv; resumes in `out`.

    BadInput where `out` holds the training of another recipe.
    """
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    _claim(work, recipe)
    if recipe.processes == 1:
        _process(0, recipe, work, 0, say)
    else:
        from torch.multiprocessing.spawn import spawn

        spawn(_process, (recipe, work, _free_port(), say), nprocs=recipe.processes)  # type: ignore[no-untyped-call]
    model = build(recipe)[0]
    checkpoint = torch.load(work / "checkpoint.pt", weights_only=True)
    model.load_state_dict(checkpoint["ema"])
    model.save_pretrained(out)
    for name in ("recipe.json", "curve.csv"):
        shutil.copyfile(work / name, out / name)
    return out


def _claim(work: Path, recipe: Recipe) -> None:
    """Note the recipe in the folder; a checkpoint of another one must not be continued."""
    path = work / "recipe.json"
    old = json.loads(path.read_text()) if path.exists() else asdict(recipe)
    if changed := [k for k, v in asdict(recipe).items() if old.get(k) != v]:
        raise BadInput(
            f"{work.parent} holds a training run of another recipe ({', '.join(changed)}).",
            "Choose another --out, or remove that folder.",
        )
    path.write_text(json.dumps(asdict(recipe), indent=2) + "\n")


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _process(rank: int, recipe: Recipe, work: Path, port: int, say: Say) -> None:
    """One data-parallel process: its share of the scenes, then every step."""
    torch.set_num_threads(1)
    several = recipe.processes > 1
    if several:
        dist.init_process_group(
            "gloo", f"tcp://127.0.0.1:{port}", timedelta(minutes=20), recipe.processes, rank
        )
    _make_scenes(rank, recipe, work, say)
    if several:
        dist.barrier()
    images, labels = data.open_store(work, recipe, "train", recipe.scenes)
    state = begin(recipe)
    weight = _class_weights(labels, recipe)
    first = resume(work, state)
    if not rank:
        _trim(work / "curve.csv", first)
    started = time.monotonic()
    for step in range(first, recipe.steps):
        rng = np.random.default_rng((recipe.seed, 99, step, rank))
        whole = step >= recipe.full_size_from * recipe.steps
        drawn = data.batch(images, labels, rng, recipe, whole=whole)
        loss = _step(step, state, recipe, drawn, weight)
        if not rank:
            if step % SAY_EVERY == 0:
                say(_progress(step, first, loss, time.monotonic() - started, recipe))
            _keep(step + 1, state, recipe, work, loss, say)
    if several:
        dist.barrier()
        dist.destroy_process_group()


def _make_scenes(rank: int, recipe: Recipe, work: Path, say: Say) -> None:
    """Draw this process's share of the scenes, unless it stands already."""
    for split, count in (("train", recipe.scenes), ("val", recipe.validation_scenes)):
        done = work / f"{split}.{rank}.done"
        if not done.exists():
            if not rank:
                say(f"drawing {count} scenes of the split {split}")
            data.store(work, recipe, split, count, rank, recipe.processes)
            done.touch()


def _step(
    step: int, state: State, recipe: Recipe, drawn: tuple[Any, Any], weight: torch.Tensor
) -> float:
    """Loss of a step, after the weights and their mean have moved."""
    for group in state.optimiser.param_groups:
        group["lr"] = rate(step, recipe)
    state.model.train()
    x, y = map(torch.from_numpy, drawn)
    loss_of, options = LOSSES[recipe.model]
    with torch.autocast("cpu", torch.bfloat16):
        outputs = state.model(pixel_values=(x - MEAN) / STD, **options)
    loss = loss_of(outputs, state.head, y if recipe.panoptic else y & data.IGNORE, weight)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if recipe.processes > 1:
        _average(state.parameters, recipe.processes)
    torch.nn.utils.clip_grad_norm_(state.parameters, recipe.clip_norm)
    state.optimiser.step()
    follow(state, step, recipe)
    return loss.item()


def _keep(done: int, state: State, recipe: Recipe, work: Path, loss: float, say: Say) -> None:
    """Validate and save where the step asks for it."""
    last = done == recipe.steps
    if last or done % recipe.validate_every == 0:
        scores = validate(state.ema, recipe, work)
        _note(work / "curve.csv", done, loss, scores)
        say(f"step {done} " + ", ".join(f"{k} {v:.4f}" for k, v in scores.items()))
    if last or done % CHECKPOINT_EVERY == 0:
        save(work, done, state)


def _progress(step: int, first: int, loss: float, seconds: float, recipe: Recipe) -> str:
    left = seconds / (step + 1 - first) * (recipe.steps - step - 1)
    return f"step {step} of {recipe.steps} loss {loss:.3f}, about {left / 60:.0f} min left"


def _class_weights(labels: np.memmap[Any, np.dtype[np.uint16]], recipe: Recipe) -> torch.Tensor:
    """Weights, float32 (19,), mean one."""
    names = labels[::8, ::4, ::4] & data.IGNORE
    counts = np.bincount(names.ravel(), minlength=256)[: micro.NUM_LABELS]
    raw = (np.maximum(counts, 1) / counts.sum()) ** -recipe.class_weight_power
    return torch.tensor(raw / raw.mean(), dtype=torch.float32)


def _average(params: list[torch.nn.Parameter], world: int) -> None:
    """Average gradients over processes, in one flat message."""
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in params]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    flat /= world
    for p, own in zip(params, torch.split(flat, [p.numel() for p in params]), strict=True):
        p.grad = own.view_as(p)


def _note(path: Path, step: int, loss: float, scores: dict[str, float]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="") as f:
        rows = csv.writer(f, lineterminator="\n")
        if fresh:
            rows.writerow(["step", "loss", *(f"val_{k}" for k in scores)])
        rows.writerow([step, *(f"{v:.4f}" for v in (loss, *scores.values()))])


def _trim(path: Path, first: int) -> None:
    """Drop the rows of steps that a resumed run takes again."""
    if path.exists():
        head, *rows = path.read_text().splitlines()
        kept = [r for r in rows if int(r.split(",")[0]) <= first]
        path.write_text("\n".join([head, *kept]) + "\n")
