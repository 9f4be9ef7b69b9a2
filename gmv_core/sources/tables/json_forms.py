"""Rows out of the forms in which labels are written as JSON.

A list of objects or of pairs; by name; by label; pandas' `to_json`; StyleGAN's, FiftyOne's and
COCO's files; a list of objects under one key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gmv_core.sources.tables.cells import as_text
from gmv_core.sources.tables.titles import names_images

Row = Mapping[str, Any]
Document = Mapping[str, Any]


def rows_of(document: object) -> Iterator[Row]:
    """Yield the rows of a JSON document; raise ValueError where some of it are none."""
    if isinstance(document, dict):
        yield from _of_object(document)
    elif isinstance(document, list):
        yield from (row if isinstance(row, dict) else _of_pair(row) for row in document)
    else:
        raise ValueError("neither an object nor a list")


def _of_object(document: Document) -> Iterator[Row]:
    labels, values = document.get("labels"), list(document.values())
    titled = names_images(document)
    if {"images", "annotations"} <= document.keys():
        yield from _coco(document)
    elif isinstance(labels, list) and not titled:
        yield from map(_of_pair, labels)
    elif isinstance(labels, dict) and not titled:
        yield from _fiftyone(document, labels)
    elif {"columns", "data"} <= document.keys():
        columns = [as_text(title) for title in document["columns"]]  # numbers, where none was given
        yield from (dict(zip(columns, row, strict=True)) for row in document["data"])
    elif all(isinstance(value, dict) for value in values):
        yield from _by_column(document) if titled else _by_name(document)
    elif len(lists := [value for value in values if _holds_objects(value)]) == 1:
        yield from rows_of(lists[0])
    elif titled and all(isinstance(value, list) for value in values):
        yield from (dict(zip(document, row, strict=True)) for row in zip(*values, strict=True))
    elif values and all(isinstance(value, list) for value in values):
        yield from ({"name": name, "label": key} for key in document for name in document[key])
    elif titled or any(isinstance(value, dict | list) for value in values):
        yield document
    else:
        yield from ({"name": name, "label": label} for name, label in document.items())


def _of_pair(pair: object) -> Row:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError("not all of it are objects, or pairs of a name and a label")
    return {"name": pair[0], "label": pair[1]}


def _holds_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _by_name(document: Document) -> Iterator[Row]:
    return ({"name": name, **said} for name, said in document.items())


def _by_column(document: Document) -> Iterator[Row]:
    """Yield the rows of {column: {row: cell}}, in the order of the first column."""
    first = next(iter(document.values()))
    return ({column: cells.get(row) for column, cells in document.items()} for row in first)


def _fiftyone(document: Document, labels: Mapping[str, Any]) -> Iterator[Row]:
    """Yield rows of {"classes": […], "labels": {name: place among the classes}}."""
    classes = document.get("classes")
    names = dict(enumerate(classes)) if isinstance(classes, list) else {}
    for name, label in labels.items():
        known = names.get(label, label) if isinstance(label, int) else label
        yield {"name": name, "label": known}


def _coco(document: Document) -> Iterator[Row]:
    """Yield the images of a detection data set: the label where all its objects are of one class.

    categories: all classes of an image, with commas between them.
    """
    classes = {one["id"]: one["name"] for one in _objects(document.get("categories"))}
    found: dict[Any, dict[str, None]] = defaultdict(dict)
    for one in _objects(document["annotations"]):
        if "category_id" in one:
            name = classes.get(one["category_id"], one["category_id"])
            found[one.get("image_id")][str(name)] = None
    for image in _objects(document["images"]):
        names = list(found.get(image.get("id"), ()))
        yield {
            "name": image.get("file_name", ""),
            "label": names[0] if len(names) == 1 else "",
            "categories": ", ".join(names),
        }


def _objects(value: object) -> Iterable[Document]:
    if value is not None and not (isinstance(value, list) and all(map(_is_object, value))):
        raise ValueError("not all of it are objects")
    return value if isinstance(value, list) else []


def _is_object(value: object) -> bool:
    return isinstance(value, dict)
