"""Images that a program hands over one by one, as a generator makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PIL import Image

from gmv_core.errors import SourceError
from gmv_core.sources.names import UniqueNames, safe_name
from gmv_core.sources.readers.arrays import check_shape, netpbm
from gmv_core.sources.source import Source, digest
from gmv_core.types import SourceImage, UInt8

Pair = tuple[str, Image.Image | UInt8]


def open_images(images: Iterable[Pair] | Callable[[], Iterable[Pair]], *, name: str) -> Source:
    """Return the source of images that a program makes, in the order in which they come.

    images: pairs of a name and a Pillow image, or an array (h, w), (h, w, 1), (h, w, 3) or
    (h, w, 4) uint8; or a function that returns them. Interrupted work begins at the first again and
    passes over what is stored: for that give a list or a function, for an iterator comes only once.
    name: by which they are known; give another one for other images.

    Raises SourceError while they are read, for what is no such pair, and for an iterator that is
    read again.
    """
    once = _Once(images) if isinstance(images, Iterator) else None

    def read(start: int) -> Iterator[SourceImage]:
        given = once or (images() if callable(images) else images)
        names = UniqueNames()
        for pair in given:
            called, data = _encoded(pair)
            unique = names.made(safe_name(called))
            if len(names) > start:
                yield SourceImage(unique, data)

    return Source("images", name, None, None, {}, digest(["images", name]), read)


class _Once:
    """An iterator that says so when it is asked for a second time."""

    def __init__(self, images: Iterator[Pair]) -> None:
        self._images: Iterator[Pair] | None = images

    def __iter__(self) -> Iterator[Pair]:
        images, self._images = self._images, None
        if images is None:
            raise SourceError(
                "The images come from an iterator, which can be read once only; give a list, or a "
                "function that returns an iterator."
            )
        return images


def _encoded(pair: object) -> tuple[str, bytes]:
    """Return an image's name and its pixels as a file; raise SourceError for what is none."""
    if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)):
        raise SourceError(f"{str(pair)[:80]!r} came for an image; give pairs (name, image).")
    name, image = pair
    if isinstance(image, Image.Image):
        grey = image.mode in ("1", "L")
        image = np.asarray(image.convert("L" if grey else "RGBA"))
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8:
        raise SourceError(
            f"The image {name!r} is an array of {pixels.dtype}; give uint8, from 0 to 255."
        )
    check_shape((1, *pixels.shape), f"The image {name!r}")
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4):
        raise SourceError(f"The image {name!r} has the shape {pixels.shape}; give (h, w, 3).")
    return name, netpbm(pixels)
