"""The command influence: which training images help or harm, and what without an owner's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from gmv_core.cli.options import Json, Root, local_path, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.errors import SettingsError
from gmv_core.results.influence.fitted import influences_on_file
from gmv_core.results.influence.tables import Influence, InfluenceRecord
from gmv_core.results.influence.what_if import PredictedChange, owner_change
from gmv_core.results.opening import open_run
from gmv_core.results.result import Result
from gmv_core.runs.influence import predict_influence
from gmv_core.settings import InfluenceSettings
from gmv_core.words import counted, number, percent

SHOWN = 10
PREDICTION = "A prediction of the best linear model, above 0: the image gets worse without it."


def influence_command(
    run: str,
    image: Annotated[str | None, typer.Option(help="Name of a generated image.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            parser=local_path, help="An image file that is in no set, as a generated image."
        ),
    ] = None,
    without_owner: Annotated[
        str | None, typer.Option(help="Predict the change without this owner's images.")
    ] = None,
    side_px: Annotated[int, typer.Option(help="Side to which images are averaged.")] = 16,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Predict which training images help or harm: the second reading of a run, beside value."""
    out = Output(json)
    asked = [option for option in (image, file, without_owner) if option is not None]
    if len(asked) > 1:
        raise SettingsError("Give one of --image, --file and --without-owner, not several.")
    place = workspace_at(workspace)
    with out.progress() as report:
        record = predict_influence(
            place, run, settings=InfluenceSettings(side_px), report=report, say=out.say
        )
    result = open_run(place, run)
    if without_owner is not None:
        _print_change(out, without_owner, owner_change(result, without_owner))
    elif file is not None:
        _print_image(out, file.name, influences_on_file(result, file))
    elif image is not None:
        _print_image(out, image, result.influence(image))
    else:
        _print_run(out, record, result)


def _print_change(out: Output, owner: str, change: PredictedChange) -> None:
    told = {"owner": owner, **asdict(change), "by_image": change.by_image.tolist()}
    if out.document(told):
        return
    which = "worse" if change.percent >= 0 else "better"
    out.words(
        f"Without the {counted(change.images, 'image')} of {owner} the linear model is predicted "
        f"to be {number(abs(change.percent))} % {which} at the generated images "
        f"(95 % interval {number(change.low)} to {number(change.high)} %)."
    )


def _print_image(out: Output, image: str, found: Sequence[Influence]) -> None:
    parts = {"helpful": [asdict(one) for one in found if one.influence > 0],
             "harmful": [asdict(one) for one in found if one.influence < 0]}  # fmt: skip
    if out.document({"generated": image, **parts}):
        return
    columns = ["rank", "training", "influence", "percent", "label", "owner"]
    for kind, rows in parts.items():
        frame = pd.DataFrame(rows[:SHOWN], columns=columns)
        out.frame(f"Most {kind} training images for {image}, predicted", frame)
    out.words(PREDICTION)


def _print_run(out: Output, record: InfluenceRecord, result: Result) -> None:
    totals = result.influence_totals().sort_values("influence", ascending=False, kind="stable")
    helpful, harmful = totals.head(SHOWN), totals.tail(SHOWN)[::-1]
    told = {**asdict(record), "most_helpful": helpful.to_dict("records"),
            "most_harmful": harmful.to_dict("records")}  # fmt: skip
    if out.document(told):
        return
    share = None if record.detail is None else percent(record.detail)
    fine = f"; the generated images have {share} of the fine detail" if share else ""
    out.markup(
        f"[bold]{shown(result.run.name)}[/]: predicted influence at {record.settings.side_px} px "
        f"in {'grey' if record.grey else 'colour'}, noise {number(record.sigma)}, "
        f"{counted(record.classes, 'class mean')}{fine}."
    )
    out.frame("Most helpful training images, summed over the generated images", helpful)
    out.frame("Most harmful training images", harmful)
    out.words(PREDICTION)
