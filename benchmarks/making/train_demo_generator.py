"""Train the small model behind the demo's generated images, and generate them.

The model is a rectified flow (Liu et al., arXiv 2209.03003) on 96 px images: a compact U-Net on
8 × 8 px patches that predicts the clean image, with the loss taken on the velocity (Li & He,
arXiv 2511.13720), told the kind, the owner and the attributes, and sampled with classifier-free
guidance (Ho & Salimans, arXiv 2207.12598). It sees the whole training set, spoilt images included.

    python -m benchmarks.making.train_demo_generator train --checkpoint /tmp/demo-gen/model.pt
    python -m benchmarks.making.train_demo_generator generate --checkpoint /tmp/demo-gen/model.pt

Training can be stopped and started again: it goes on from the checkpoint. The weights are not part
of the repository; the images and the recipe are.
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import platform
import sys
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from PIL import Image
from torch import Tensor, nn

from benchmarks.making.demo_network import Generator
from gmv_core.demo.characters import ATTRIBUTES, CHARACTERS
from gmv_core.demo.plan import (
    BASE_RATES,
    COLUMNS,
    OWNERS,
    draw_portrait,
    generated_folder,
    portraits,
)

KINDS = tuple(CHARACTERS)
OWNER_NAMES = tuple(OWNERS)
GIVEN = len(KINDS) + len(OWNER_NAMES) + 2 * len(ATTRIBUTES)


@dataclass(frozen=True)
class Recipe:
    """The settings of one training."""

    seed: int = 7
    steps: int = 20_000
    batch: int = 16
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    ema_decay: float = 0.999
    condition_dropout: float = 0.1
    time_mean: float = 0.4
    time_std: float = 1.0
    smallest_time: float = 0.05
    widths: tuple[int, int] = (96, 160)


def condition_row(kind: str, owner: str, worn: frozenset[str]) -> list[float]:
    """One-hot kind and owner, then worn / not worn for each attribute; all zero means unasked."""
    row = [float(kind == k) for k in KINDS] + [float(owner == o) for o in OWNER_NAMES]
    for attribute in ATTRIBUTES:
        row += [float(attribute in worn), float(attribute not in worn)]
    return row


def training_arrays() -> tuple[Tensor, Tensor]:
    """Draw the training set: images (1200, 3, 96, 96) in −1…1 and conditions (1200, c)."""
    plan = portraits()
    pixels = np.stack([np.asarray(draw_portrait(p)) for p in plan])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1.0
    return images, torch.tensor([condition_row(p.kind, p.owner, p.worn) for p in plan])


def flow_loss(model: nn.Module, images: Tensor, given: Tensor, recipe: Recipe) -> Tensor:
    """Mean squared error of the velocity, from a prediction of the clean image."""
    n = len(images)
    t = torch.sigmoid(recipe.time_mean + recipe.time_std * torch.randn(n))
    keep = (torch.rand(n, 1) >= recipe.condition_dropout).float()
    time_map = t[:, None, None, None]
    noisy = (1.0 - time_map) * images + time_map * torch.randn_like(images)
    error = model(noisy, t, given * keep) - images
    return (error / time_map.clamp_min(recipe.smallest_time)).square().mean()


def train(recipe: Recipe, checkpoint: Path, *, log_every: int = 100) -> None:
    """Train to `recipe.steps`, saving every few hundred steps; goes on from `checkpoint`."""
    torch.manual_seed(recipe.seed)
    model = Generator(recipe.widths, GIVEN).to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99), weight_decay=0.01
    )
    step, seconds, losses = 0, 0.0, []
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, seconds, losses = state["step"], state["seconds"], state["losses"]
        torch.manual_seed(recipe.seed + step)
    images, given = training_arrays()
    recent: list[float] = []
    started = time.perf_counter()
    while step < recipe.steps:
        # Constant, then falling over the last fifth: the end can be moved while it trains.
        left = (recipe.steps - step) / (0.2 * recipe.steps)
        rate = min(1.0, (step + 1) / recipe.warmup_steps, left)
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * rate
        chosen = torch.randint(len(images), (recipe.batch,))
        loss = flow_loss(model, images[chosen], given[chosen], recipe)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        decay = min(recipe.ema_decay, (1.0 + step) / (10.0 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1.0 - decay)
        recent.append(loss.item())
        if step % log_every == 0 or step == recipe.steps:
            now = time.perf_counter()
            seconds, started = seconds + now - started, now
            losses.append([step, sum(recent) / len(recent)])
            recent.clear()
            speed = step * recipe.batch / seconds
            print(f"step {step}  loss {losses[-1][1]:.4f}  {speed:.1f} images/s", flush=True)
        if step % (5 * log_every) == 0 or step == recipe.steps:
            _save(checkpoint, {
                "model": model.state_dict(), "average": average.state_dict(),
                "optimizer": optimizer.state_dict(), "step": step, "seconds": seconds,
                "losses": losses, "recipe": asdict(recipe),
            })  # fmt: skip


def _save(checkpoint: Path, state: dict[str, Any]) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    aside = checkpoint.with_suffix(".part")
    torch.save(state, aside)
    aside.replace(checkpoint)


@torch.inference_mode()
def sample(model: nn.Module, given: Tensor, *, seed: int, steps: int, guidance: float) -> Tensor:
    """Generate one image a row of `given`: (n, 3, 96, 96) in −1…1.

    Each image has its own noise, seeded by `seed` and its place. Heun's method in `steps` steps;
    guidance 1 is none.
    """
    noise = [
        torch.randn(3, 96, 96, generator=torch.Generator().manual_seed(seed * 100_000 + i))
        for i in range(len(given))
    ]
    z = torch.stack(noise)
    nothing = torch.zeros_like(given)

    def velocity(z: Tensor, t: float) -> Tensor:
        time = torch.full((len(z),), t)
        asked, free = model(z, time, given), model(z, time, nothing)
        # At the end the picture is settled, and guidance would only sharpen its noise.
        clean = torch.lerp(free, asked, guidance if t > 0.1 else 1.0)
        return (z - clean) / max(t, 0.02)

    grid = torch.linspace(1.0, 0.0, steps + 1).tolist()
    for t, after in pairwise(grid):
        slope = velocity(z, t)
        ahead = z + (after - t) * slope
        if after > 0.0:
            ahead = z + (after - t) * 0.5 * (slope + velocity(ahead, after))
        z = ahead
    return z.clamp(-1.0, 1.0)


@dataclass(frozen=True)
class Request:
    """What one generated image was asked to show."""

    kind: str
    owner: str
    worn: frozenset[str]


def requests(count: int, seed: int) -> list[Request]:
    """Kinds in turn, owners and attributes by the training set's own rates."""
    rng = np.random.default_rng([seed, count])
    shares = [share for _, share in OWNERS.values()]
    return [
        Request(
            kind=KINDS[i % len(KINDS)],
            owner=OWNER_NAMES[int(rng.choice(len(OWNER_NAMES), p=shares))],
            worn=frozenset(a for a in ATTRIBUTES if rng.random() < BASE_RATES[a]),
        )
        for i in range(count)
    ]


def generate(
    checkpoint: Path, folder: Path, *, count: int, seed: int, steps: int, guidance: float
) -> None:
    """Write `count` generated images, `labels.csv` and `recipe.json`; no image is picked out."""
    state = torch.load(checkpoint, weights_only=True)
    model = Generator(tuple(state["recipe"]["widths"]), GIVEN).eval()
    model.load_state_dict(state["average"])
    asked = requests(count, seed)
    given = torch.tensor([condition_row(r.kind, r.owner, r.worn) for r in asked])
    images = sample(model, given, seed=seed, steps=steps, guidance=guidance)
    pixels = ((images + 1.0) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    columns = [c for c in COLUMNS if c != "planted_noise"]
    rows, owners = [], {}
    for i, (request, image) in enumerate(zip(asked, pixels, strict=True)):
        name = f"{request.kind}/{i:03d}.png"
        (folder / request.kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name)
        marks = {a: "yes" if a in request.worn else "no" for a in ATTRIBUTES}
        rows.append({"name": name, "label": request.kind, "owner": "", **marks})
        owners[name] = request.owner
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    recipe = {
        "what": "Images generated by a small rectified-flow model trained on the demo set; the "
        "first images of the seed, none picked, none retouched.",
        "command": "python -m benchmarks.making.train_demo_generator train --checkpoint model.pt; "
        "python -m benchmarks.making.train_demo_generator generate --checkpoint model.pt",
        "training": {
            **state["recipe"],
            "parameters": sum(p.numel() for p in model.parameters()),
            "steps_done": state["step"],
            "images_seen": state["step"] * state["recipe"]["batch"],
            "passes_over_the_set": state["step"] * state["recipe"]["batch"] / len(portraits()),
            "seconds": round(state["seconds"]),
            "loss_by_step": state["losses"][:: max(1, len(state["losses"]) // 20)],
            "final_loss": state["losses"][-1][1],
            "machine": f"{torch.get_num_threads()} CPU cores, no accelerator",
        },
        "sampling": {"count": count, "seed": seed, "heun_steps": steps, "guidance": guidance},
        "versions": {"python": platform.python_version(), "torch": str(torch.__version__),
                     "numpy": np.__version__, "pillow": PIL.__version__},
        "owner_asked_for": owners,
    }  # fmt: skip
    (folder / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Train and sample the demo's generator.")
    parser.add_argument("action", choices=["train", "generate"])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=Recipe.steps, help="training steps")
    parser.add_argument("--folder", type=Path, default=generated_folder())
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--sampling-steps", type=int, default=30)
    options = parser.parse_args(arguments)
    torch.set_num_threads(2)
    if options.action == "train":
        train(Recipe(steps=options.steps), options.checkpoint)
        return
    generate(
        options.checkpoint,
        options.folder,
        count=options.count,
        seed=options.seed,
        steps=options.sampling_steps,
        guidance=options.guidance,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
