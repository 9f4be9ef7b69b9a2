"""Run a torch network where this machine runs it best: OpenVINO on a CPU, torch on CUDA and MPS.

A module given here takes (n, s, s, 3) uint8 RGB and returns a tuple of (n, …) tensors, so that
scaling and normalising are a part of the graph and only bytes travel to the device.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmv_core.errors import ModelError
from gmv_core.types import Float32, Network, UInt8

if TYPE_CHECKING:
    import torch

PROOF = ".sha256"  # the suffix of the file with a converted network's digest
Build = Callable[[], "torch.nn.Module"]


def choose_device() -> str:
    """Return "cuda", "mps" or "cpu", the first that this machine has."""
    # nvidia-smi's device nodes are looked for first: torch takes two seconds to import.
    if not Path("/dev/nvidiactl").exists() and os.name == "posix" and os.uname().sysname == "Linux":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def resolve_precision(precision: str) -> str:
    """Return the precision that runs: "auto" is fp16 on CUDA, fp32 elsewhere.

    Raises ModelError where the device has no such arithmetic, so that nothing is emulated silently.
    """
    device = choose_device()
    if precision == "auto":
        return "fp16" if device == "cuda" else "fp32"
    if device == "cpu" and precision != "fp32":
        capabilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision.upper() not in capabilities:
            raise ModelError(
                f"This processor has no {precision} arithmetic (it has {', '.join(capabilities)}); "
                "use precision fp32."
            )
    return precision


def compile_network(build: Build, *, side_px: int, name: str, precision: str = "auto") -> Network:
    """Make a network ready to run.

    build: returns the torch module with its weights; called only where no converted copy of
        `name` is on this disk, so a second start needs no torch.
    name: identifies architecture and weights (a digest of the weights belongs in it).
    precision: "fp32", "bf16", "fp16" or "auto"; see `resolve_precision`.
    """
    precision = resolve_precision(precision)
    device = choose_device()
    if device == "cpu":
        return _openvino(build, side_px, name, precision)
    return torch_network(build, device, precision)


def _openvino_silent() -> Any:  # noqa: ANN401  (openvino ships no types)
    """Return the module openvino, whose converter then sends nothing about its use anywhere.

    Left alone, it asks an analytics host dozens of times a conversion, without a question first,
    and keeps a client's id in the home folder. Without the package `openvino_telemetry` it falls
    back to a stub of its own, so that package is hidden; where something has imported it already,
    its class gives way to that stub.
    """
    telemetry = sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    if telemetry is not None:
        from openvino.tools.ovc.telemetry_stub import Telemetry

        vars(telemetry)["Telemetry"] = Telemetry
    return openvino


def _core() -> Any:  # noqa: ANN401
    return _openvino_silent().Core()


def _openvino(build: Build, side_px: int, name: str, precision: str) -> Network:
    path = _converted(build, side_px, name)
    core = _core()
    # The hint is always set: left alone, OpenVINO takes bf16 by itself where the processor has it.
    hint = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}[precision]
    # Pinned threads of two processes (workers of Ray, a job beside the app) would share one core.
    options: dict[str, str | int | bool] = {
        "INFERENCE_PRECISION_HINT": hint,
        "ENABLE_CPU_PINNING": False,
    }
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdecimal():  # which OpenVINO does not read; 0 is its own choice
        options["INFERENCE_NUM_THREADS"] = int(threads)
    compiled = core.compile_model(core.read_model(path), "CPU", options)

    def run(pixels: UInt8) -> tuple[Float32, ...]:
        request = compiled.create_infer_request()
        result = request.infer(np.ascontiguousarray(pixels))  # copies of its outputs
        return tuple(np.asarray(result[i], np.float32) for i in range(len(compiled.outputs)))

    return run


def _converted(build: Build, side_px: int, name: str) -> Path:
    """Return the OpenVINO file of a network, converting it once per version of what made it."""
    import platformdirs

    versions = " ".join(f"{p} {version(p)}" for p in ("torch", "timm", "openvino"))
    digest = hashlib.sha256(f"{name} {side_px} {versions}".encode()).hexdigest()[:16]
    folder = Path(platformdirs.user_cache_dir("gmv-explorer", appauthor=False)) / "networks"
    path = folder / f"{digest}.xml"
    if _is_whole(path):
        return path

    import torch

    openvino = _openvino_silent()
    module = build().eval()
    example = torch.zeros((2, side_px, side_px, 3), dtype=torch.uint8)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's; tests compare the outputs instead
        model = openvino.convert_model(
            module, example_input=example, input=[("x", [-1, side_px, side_px, 3])]
        )
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=f"making-{os.getpid()}-") as scratch:
        aside = Path(scratch) / path.name
        openvino.save_model(model, aside, compress_to_fp16=False)
        # The proof goes last: whoever sees it finds the whole network.
        path.with_suffix(PROOF).unlink(missing_ok=True)
        aside.with_suffix(PROOF).write_text(_proof(aside))
        for suffix in (".bin", ".xml", PROOF):
            aside.with_suffix(suffix).replace(path.with_suffix(suffix))
    return path


def _sweep(folder: Path) -> None:
    """Remove what killed processes left half made: by their number in its name."""
    import psutil

    for left in folder.glob("*-*"):
        pid = left.name.removeprefix("making-").partition("-")[0]
        if not left.name.startswith("making-"):  # as earlier versions called it: DIGEST-PID.bin
            pid = left.stem.rpartition("-")[2]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()


def _proof(path: Path) -> str:
    """Return the digest of a converted network's two files."""
    total = hashlib.sha256()
    for suffix in (".xml", ".bin"):
        with path.with_suffix(suffix).open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def _is_whole(path: Path) -> bool:
    """Return whether both files are there as they were written: half a network may still run."""
    try:
        return path.with_suffix(PROOF).read_text() == _proof(path)
    except (OSError, UnicodeDecodeError):
        return False


def products_with(left: Float32) -> Callable[[Float32], Float32]:
    """Return the function (t, D) → (m, t): products with the rows of `left`, (m, D), in fp32.

    On CUDA `left` is sent there once; elsewhere numpy's product is as fast.
    """
    if choose_device() == "cuda":
        return torch_products(left, "cuda")
    return lambda right: np.asarray(left @ right.T)


def torch_products(left: Float32, device: str) -> Callable[[Float32], Float32]:
    """Return `products_with` by torch on a device; for products torch takes no TF32 unless told."""
    import torch

    there = torch.from_numpy(np.ascontiguousarray(left)).to(device)

    def products(right: Float32) -> Float32:
        with torch.inference_mode():
            sent = torch.from_numpy(np.ascontiguousarray(right)).to(device)
            made: Float32 = (there @ sent.T).cpu().numpy()
        return made

    return products


def torch_network(build: Build, device: str, precision: str) -> Network:
    """Return the network on "cuda", "mps" or "cpu" by torch itself; half precision by autocast."""
    import torch

    kind = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    module = build().eval().to(device, memory_format=torch.channels_last)

    def run(pixels: UInt8) -> tuple[Float32, ...]:
        with (
            torch.inference_mode(),
            torch.autocast(device, dtype=kind, enabled=kind != torch.float32),
        ):
            given = torch.from_numpy(np.ascontiguousarray(pixels))
            if device == "cuda":  # from pinned memory the bytes travel while the device works
                given = given.pin_memory()
            outputs = module(given.to(device, non_blocking=True))
        return tuple(output.float().cpu().numpy() for output in outputs)

    return run
