"""What may be loaded: nothing heavy at import, no screen in the engine, nothing pickled.

Which package may import which is held by the layers contract in pyproject.toml (`lint-imports`).
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "gmv_core"
FACES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts) for path in ENGINE.rglob("__init__.py")
)
HEAVY = (
    "torch", "torchvision", "faiss", "pyiqa", "streamlit", "openvino", "timm", "open_clip", "lance",
    "lpips", "dreamsim", "onnx", "sklearn", "plotly", "matplotlib", "scipy",
)  # fmt: skip
MOST_LINES = 40


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere, by their full names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add(str(node.module))
    return found


def test_the_engine_knows_no_screen() -> None:
    for path in ENGINE.rglob("*.py"):
        outside = {name.partition(".")[0] for name in imports(path)}
        assert not outside & {"streamlit", "ui", "pages", "app"}, path


def test_the_vocabulary_needs_numpy_at_most() -> None:
    allowed = {"numpy", "gmv_core", "__future__"} | set(sys.stdlib_module_names)
    for name in ("errors", "types", "settings", "words"):
        outside = {name.partition(".")[0] for name in imports(ENGINE / f"{name}.py")}
        assert outside <= allowed, name


def test_importing_any_face_loads_nothing_heavy() -> None:
    """One process for all faces: whichever loads something heavy is named."""
    code = (
        "import importlib, sys\n"
        f"for face in {[*FACES, 'gmv_core.cli.main']!r}:\n"
        "    importlib.import_module(face)\n"
        f"    print(*(f'{{face}}: {{m}}' for m in {HEAVY!r} if m in sys.modules), sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == [""] * len(done.stdout.split("\n"))


@pytest.mark.parametrize("face", FACES)
def test_a_face_defines_nothing(face: str) -> None:
    text = (ROOT / Path(*face.split(".")) / "__init__.py").read_text(encoding="utf-8")
    body = ast.parse(text).body
    assert ast.get_docstring(ast.parse(text)), "a face says what its package is"
    assert not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in body)
    if face != "gmv_core":
        assert len(text.splitlines()) < MOST_LINES


def test_no_private_name_crosses_a_module() -> None:
    for path in [*ENGINE.rglob("*.py"), *(ROOT / "ui").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                private = [a.name for a in node.names if a.name.startswith("_")]
                assert not private or node.module == "__future__", f"{path}: {private}"


def test_nothing_is_pickled() -> None:
    for path in ENGINE.rglob("*.py"):
        assert "pickle" not in imports(path), path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "weights_only"):
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is (node.arg == "weights_only"), path
