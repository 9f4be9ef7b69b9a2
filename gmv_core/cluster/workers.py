"""What works through batches for a build or a run, whatever machines it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from gmv_core.errors import SettingsError, unknown_choice

HERE, RAY = "here", "ray"

Held = TypeVar("Held")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers(Protocol):
    """Processes that each hold what the work needs (a model, an index) and take batch after batch.

    They see the workspace under the same path as this process.
    """

    def in_order(
        self,
        load: Callable[[], Held],
        work: Callable[[Held, Item], Result],
        items: Iterable[Item],
    ) -> Iterator[Result]:
        """Yield work(load(), item) of each item, in the order of the items.

        load: called once in each process that works. work: may be done more than once for an item
        whose process died; so it commits nothing. items: taken a few at a time. All three, and what
        `work` returns, can be pickled. Raises what they raise.
        """
        ...


@contextmanager
def workers_on(place: str, address: str = "") -> Iterator[Workers | None]:
    """Hand out the workers of a place, None for this process alone.

    place: HERE or RAY. address: see `ray_workers`.
    """
    if place not in (HERE, RAY):
        raise unknown_choice("place to work on", place, [HERE, RAY])
    if place == HERE:
        if address:
            raise SettingsError(f"The address {address!r} is one of Ray; give --on ray with it.")
        yield None
        return
    from gmv_core.cluster.on_ray import ray_workers

    with ray_workers(address) as workers:
        yield workers
