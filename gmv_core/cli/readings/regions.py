"""The command regions: where images look alike, and which training images explain which region."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from gmv_core.cli.options import Json, Root, local_path, workspace_at
from gmv_core.cli.output import Output
from gmv_core.errors import SettingsError
from gmv_core.images.maps import coloured, heat, side_by_side
from gmv_core.results.influence.fitted import pixels_of_file
from gmv_core.results.opening import open_run
from gmv_core.results.regions.maps import (
    RegionReader,
    Regions,
    open_regions,
    region_totals,
    regions,
    regions_of_pixels,
)
from gmv_core.results.regions.words import owner_shares
from gmv_core.runs.regions import prepare_regions
from gmv_core.store.columns import previews_of
from gmv_core.store.outputs import check_output

SHOWN = 10
PANEL_PX = 256
MEANING = "The likeliest origin among the training images by looks; it does not say they were used."


def regions_command(
    run: str,
    image: Annotated[str | None, typer.Option(help="Name of a generated image.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            parser=local_path, help="An image file that is in no set, as a generated image."
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Name of a training image (default: what explains most regions)."),
    ] = None,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only store what regions need of the training set.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(parser=local_path, help="PNG of both images and the three maps to write."),
    ] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Show which training images explain which regions, of one generated image or of all."""
    if image is not None and file is not None:
        raise SettingsError("Give --image or --file, not both.")
    one = image is not None or file is not None
    if not one and (against is not None or out is not None):
        raise SettingsError("--against and --out are of one image; give --image or --file as well.")
    if prepare and (one or out is not None):
        raise SettingsError("--prepare is of the training set; give it alone.")
    printed, place = Output(json), workspace_at(workspace)
    with printed.progress() as report:
        prepare_regions(place, run, report)
        if prepare:
            return
        reader = open_regions(open_run(place, run))
        if not one:
            totals = region_totals(reader, report)
    if not one:
        _print_totals(printed, totals)
        return
    if file is not None:
        pixels = pixels_of_file(reader.result, file)
        found = regions_of_pixels(reader, pixels, against, name=file.name)
    else:
        found = regions(reader, str(image), against)
    if out is not None:
        check_output(reader.result.run, out)
        _write_sheet(out, reader, found)
    _print_regions(printed, found)


def _print_regions(out: Output, found: Regions) -> None:
    influence = found.influence
    told = {
        "generated": found.generated,
        "against": found.against,
        "sentences": found.sentences,
        "explained": [asdict(one) for one in found.explained],
        "owners": owner_shares(found.explained),
        "recalled": found.recalled,
        "alike": found.alike.tolist(),
        "influence": influence and {**asdict(influence), "by_pixel": influence.by_pixel.tolist()},
        "sources": found.sources.tolist(),
        "certainty": found.certainty.tolist(),
    }
    if out.document(told):
        return
    for sentence in found.sentences:
        out.words(sentence)
    frame = pd.DataFrame([asdict(one) for one in found.explained[:SHOWN]]).drop(columns="row")
    out.frame(f"Images that explain most regions of {found.generated}", frame)
    out.words(MEANING)


def _print_totals(out: Output, totals: pd.DataFrame) -> None:
    if out.document({"explained": totals.to_dict("records")}):
        return
    out.frame("Images that explain most regions",
              totals.head(SHOWN))  # fmt: skip
    out.words(MEANING)


def _write_sheet(path: Path, reader: RegionReader, found: Regions) -> None:
    """Write both images, the two maps of the pair and the regions in colours, side by side."""
    from PIL import Image

    training = reader.result.training
    row = reader.result.row_of(found.against, "training")
    pictures = [found.pixels, *previews_of(training, np.array([row]))]
    pictures.append(heat(found.alike))
    if found.influence is not None:
        pictures.append(heat(found.influence.by_pixel))
    pictures.append(coloured(found.sources, [one.row for one in found.explained]))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(side_by_side(pictures, PANEL_PX)).save(path, "PNG")
