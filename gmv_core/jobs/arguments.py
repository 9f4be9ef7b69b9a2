"""Settings as arguments of the command line; a test holds that its commands read them back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gmv_core.criteria.trials.corruption import FOREIGN, Injection
from gmv_core.settings import EmbedSettings, IndexSettings, RunSettings
from gmv_core.sources.folders import ALL
from gmv_core.sources.source import Source


def build_arguments(embed: EmbedSettings, index: IndexSettings) -> list[str]:
    """Return the options of `build` for these settings."""
    return _options(embedder=embed.embedder, index=index.kind)


def run_arguments(settings: RunSettings) -> list[str]:
    """Return the options of `value` for these settings."""
    match, value = settings.match, settings.value
    options = _options(
        k=value.k,
        candidates=match.candidates,
        distance=match.distance,
        quality=match.quality,
        temperature=value.temperature,
        seed=match.seed,
        credit=value.credit,
        duplicates=value.duplicates,
    )
    weighting = "--weighting" if value.quality_weighting else "--no-weighting"
    return [*options, weighting, "--influence" if settings.influence else "--no-influence"]


def held_out_arguments(source: str) -> list[str]:
    """Return the options of `value` for held-out images, a place or the name of a set."""
    return _options(**{"held-out": source}) if source else []


def injection_arguments(injection: Injection) -> list[str]:
    """Return the options of `criteria` that spoil a copy of the set like this."""
    foreign = injection.kind == FOREIGN
    how = {"from": injection.source_set} if foreign else {"strength": injection.amount}
    return _options(inject=injection.kind, share=injection.share, seed=injection.seed, **how)


def comparison_arguments(ks: Sequence[int]) -> list[str]:
    """Return the options of `criteria` that compare the ready distances at these k."""
    return ["--compare", *(f"--k={k}" for k in ks)]


def source_arguments(source: Source) -> list[str]:
    """Return the options of `build`, `add` and `value` that read a source as it was opened."""
    given = source.labels_file if source.table_given else None
    table = ["--labels", str(given)] if isinstance(given, Path) else []
    choices = source.choices
    reading = source.kind if len(choices.readings) > 1 else ""
    split = (choices.split or ALL) if len(choices.splits) > 1 else ""
    return [*table, *reading_arguments(reading, split)]


def reading_arguments(reading: str, split: str) -> list[str]:
    """Return the options for one of several ways to read a source, "" for the only one."""
    return _options(**{k: v for k, v in {"as": reading, "split": split}.items() if v})


def _options(**given: object) -> list[str]:
    # With "=", so that a value that begins with a dash is no option.
    return [f"--{name}={value}" for name, value in given.items()]
