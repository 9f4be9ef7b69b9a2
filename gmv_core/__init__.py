"""The engine of the attribution explorer: from a folder of images to contributors and values.

Importing it loads no torch, faiss or pyiqa; the loaders import them when they are called.
"""

from gmv_core.audit.checking.verify import Against, verify
from gmv_core.audit.evidence import write_evidence
from gmv_core.audit.review.judging import decide, join_review, next_pair
from gmv_core.audit.review.results import review_results
from gmv_core.audit.review.reviews import list_reviews, make_review, open_review
from gmv_core.audit.review.sampling import ReviewSettings
from gmv_core.errors import GMVError, ModelError, SettingsError, SourceError, WorkspaceError
from gmv_core.matching.contributors import Attribution, Contributor, attribute
from gmv_core.matching.matcher import load_matcher
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.results.compared.report import compare_results
from gmv_core.results.influence.fitted import influences_on_file
from gmv_core.results.influence.what_if import predicted_change
from gmv_core.results.regions.maps import open_regions, regions
from gmv_core.results.result import Result, open_run
from gmv_core.results.shares import group_shares
from gmv_core.runs.influence import predict_influence
from gmv_core.runs.regions import prepare_regions
from gmv_core.runs.valuation import value
from gmv_core.runs.watching import watch
from gmv_core.sets.build import add, build
from gmv_core.sets.removal import remove
from gmv_core.settings import (
    BuildSettings,
    EmbedSettings,
    IndexSettings,
    InfluenceSettings,
    IngestSettings,
    MatchSettings,
    RunSettings,
    ValueSettings,
)
from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import open_source, open_uploads
from gmv_core.sources.readers.iterated import open_images
from gmv_core.store.workspace import Workspace, default_root

__version__ = "0.1.0"

__all__ = [
    "Against",
    "Attribution",
    "BuildSettings",
    "Contributor",
    "EmbedSettings",
    "GMVError",
    "IndexSettings",
    "InfluenceSettings",
    "IngestSettings",
    "MatchSettings",
    "ModelError",
    "Result",
    "ReviewSettings",
    "RunSettings",
    "SettingsError",
    "SourceError",
    "ValueSettings",
    "Workspace",
    "WorkspaceError",
    "add",
    "attribute",
    "build",
    "compare_results",
    "decide",
    "default_root",
    "from_callable",
    "group_shares",
    "influences_on_file",
    "join_review",
    "labels_for",
    "list_reviews",
    "load_matcher",
    "make_review",
    "next_pair",
    "open_images",
    "open_regions",
    "open_review",
    "open_run",
    "open_source",
    "open_uploads",
    "predict_influence",
    "predicted_change",
    "prepare_regions",
    "regions",
    "remove",
    "review_results",
    "value",
    "verify",
    "watch",
    "write_evidence",
]
