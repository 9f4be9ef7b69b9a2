"""A run's blocks on many machines: each holds a matcher of its own, and the driver commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from gmv_core.cluster.workers import Workers
from gmv_core.matching.loading import by_clusters, load_matcher
from gmv_core.matching.matcher import Matcher
from gmv_core.sets.making.spread import check_seen
from gmv_core.settings import CLUSTER, RunSettings
from gmv_core.store.manifests import SetManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.duplicates import read_clusters
from gmv_core.trust.near_copies import Judge
from gmv_core.trust.null import judge_among, null_rows
from gmv_core.types import Embedder, Int64

Block = Callable[[Matcher, ImageSet, Int64], pa.Table]


@dataclass(frozen=True)
class MatchRecipe:
    """What a process needs to match images of a set.

    settings: their "auto" already resolved, for machines differ in what is on their disks. given:
    the embedder, where it came from Python.
    """

    training: ImageSet
    trained: SetManifest
    images: ImageSet
    made: SetManifest
    settings: RunSettings
    exact_depth: int
    given: Embedder | None


def match_recipe(
    matcher: Matcher,
    trained: SetManifest,
    images: ImageSet,
    settings: RunSettings,
) -> MatchRecipe:
    """Return what other machines need to match as `matcher` does, the sets' folders in full."""
    keys = replace(settings.match, distance=matcher.distance_key, quality=matcher.quality_key)
    return MatchRecipe(
        training=ImageSet(matcher.training.folder.absolute()),
        trained=trained,
        images=ImageSet(images.folder.absolute()),
        made=images.manifest(),
        settings=replace(settings, match=keys),
        exact_depth=matcher.exact_depth,
        given=matcher.embedder if trained.embedder.precision == "own" else None,
    )


def spread(
    workers: Workers, recipe: MatchRecipe, block: Block, rows: Iterable[Int64]
) -> Iterator[pa.Table]:
    """Yield what `block` makes of each part of the rows, in their order."""
    return workers.in_order(partial(_matcher_of, recipe), partial(_on, block, recipe.images), rows)


def spread_null(
    workers: Workers,
    recipe: MatchRecipe,
    held_out: ImageSet | None,
    blocks: Iterable[tuple[int, Int64]],
) -> Iterator[pa.Table]:
    """Yield the null's rows of each block; see `null_of`."""
    source = ImageSet(held_out.folder.absolute()) if held_out else recipe.training
    return workers.in_order(partial(_null_of, recipe, source), null_rows, blocks)


def _null_of(recipe: MatchRecipe, source: ImageSet) -> tuple[Matcher, Judge]:
    matcher = _matcher_of(recipe)
    return matcher, judge_among(matcher, source)


def _on(block: Block, images: ImageSet, matcher: Matcher, rows: Int64) -> pa.Table:
    return block(matcher, images, rows)


def _matcher_of(recipe: MatchRecipe) -> Matcher:
    """Load a matcher; raise ClusterError where this machine does not see both sets."""
    check_seen(recipe.training, recipe.trained.created)
    check_seen(recipe.images, recipe.made.created)
    value = recipe.settings.value
    matcher = load_matcher(
        recipe.training,
        recipe.trained,
        settings=recipe.settings.match,
        value=value,
        side_px=0,  # decides on "auto" alone
        embedder=recipe.given,
    )
    if value.duplicates == CLUSTER:
        matcher = by_clusters(matcher, read_clusters(recipe.training).of)
    return replace(matcher, exact_depth=recipe.exact_depth)
