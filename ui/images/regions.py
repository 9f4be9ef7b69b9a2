"""Which regions of a pair match: three maps over the generated image, each with its sentence."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.images.maps import BLUE, COLOURS, OTHERS, RED, Colour, differing, stained, tinted
from gmv_core.jobs import requests
from gmv_core.plots.look import owner_colours
from gmv_core.results.regions.maps import Regions
from gmv_core.results.regions.words import owner_shares
from gmv_core.words import percent
from ui.doors import engine, regions
from ui.frame import state
from ui.frame.markdown import safe
from ui.widgets.maps import Key, legend_map
from ui.widgets.offered import offered

NEEDED = (
    "Which regions match has not been prepared for this training set yet: it stores each image "
    "at 32 px, once. Half a minute for 50,000 images."
)


def regions_of(result: Result, image: str, against: str, *, tiny: bool) -> None:
    """Draw the maps of a run's generated image and a training image, by their names."""
    if regions.there(result):
        _draw(result, regions.of_image(result, image, against), tiny=tiny)
    else:
        _offer(result)


def regions_of_dropped(
    result: Result, preview: bytes, name: str, against: str, *, tiny: bool
) -> None:
    """Draw the same for an image that is in no set."""
    if regions.there(result):
        _draw(result, regions.of_preview(result, preview, against, name), tiny=tiny)
    else:
        _offer(result)


def _offer(result: Result) -> None:
    offered(result.run.name, NEEDED, "Prepare regions", requests.prepare_regions)


def _draw(result: Result, found: Regions, *, tiny: bool) -> None:
    alike, influence, sources = st.columns(3, gap="medium")
    with alike:
        st.markdown("**Where the two look alike**")
        keys = [Key("transparent", "no colour: they look alike"), Key(_css(RED), "they differ")]
        picture = differing(found.pixels, found.alike)
        legend_map(picture, "Where the two look alike", keys, tiny=tiny)
        st.caption(safe(found.sentences[0]))
    with influence:
        st.markdown("**Where the predicted influence comes from**")
        if found.influence is not None:
            keys = [Key(_css(BLUE), "helps: the model would be worse here without it"),
                    Key(_css(RED), "harms: it would be better here without it")]  # fmt: skip
            picture = tinted(found.pixels, found.influence.by_pixel)
            legend_map(picture, "Where the predicted influence comes from", keys, tiny=tiny)
            st.caption(safe(found.sentences[1]))
        else:
            st.info(
                "Influence has not been predicted for this result; choose “Predicted influence” "
                "above to start it.",
                icon=":material/info:",
            )
    with sources:
        _sources(result, found, tiny=tiny)


def _sources(result: Result, found: Regions, *, tiny: bool) -> None:
    """Draw the image in regions, each in the colour of the training image that explains it best."""
    st.markdown("**Made of these**: the likeliest origin by looks")
    owners = engine.owners(result.training)
    place, by = st.container(), state.BY_IMAGE
    if owners:
        by = st.segmented_control(
            "Colours",
            state.COLOURED_BY,
            default=state.BY_IMAGE,
            required=True,
            label_visibility="collapsed",
            **state.in_url(state.COLOURED),
        )
    if by == state.BY_OWNER:
        colours, keys = _by_owner(found, owners)
    else:
        colours, keys = _by_image(result, found)
    picture = stained(found.pixels, found.sources, colours)
    with place:
        legend_map(picture, "Which training image explains each region best", keys, tiny=tiny)
    st.caption(safe(found.sentences[2]))
    st.caption("It does not say that an image was used.")


def _by_image(result: Result, found: Regions) -> tuple[dict[int, Colour], list[Key]]:
    best = [one for one in found.explained if one.share > 0]
    first = best[: len(COLOURS)]
    thumbs = engine.thumbnails(result.training, tuple(one.row for one in first))
    keys = [
        Key(_css(colour), f"{one.training}: {percent(one.share)}", thumb)
        for colour, one, thumb in zip(COLOURS, first, thumbs, strict=False)
    ]
    rest = sum(one.share for one in best[len(COLOURS) :])
    if rest:
        keys.append(Key(_css(OTHERS), f"others: {percent(rest)}"))
    return {one.row: colour for one, colour in zip(first, COLOURS, strict=False)}, keys


def _by_owner(found: Regions, owners: list[str]) -> tuple[dict[int, Colour], list[Key]]:
    named = owner_colours(owners)
    colours = {one.row: _rgb(named[one.owner]) for one in found.explained if one.owner in named}
    keys = [
        Key(named.get(owner, _css(OTHERS)), f"{owner or 'no owner'}: {percent(share)}")
        for owner, share in owner_shares(found.explained).items()
    ]
    return colours, keys


def _css(colour: Colour) -> str:
    return f"rgb{colour}"


def _rgb(colour: str) -> Colour:
    """Return a colour such as "#d97706" as numbers."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
