# What the engine hands on, and from where; __init__.py reads it.
from .audit.checking.verify import Against, verify
from .audit.evidence import write_evidence
from .audit.review.judging import decide, next_pair
from .audit.review.people import join_review
from .audit.review.results import review_results
from .audit.review.reviews import list_reviews, make_review, open_review
from .audit.review.sampling import ReviewSettings
from .cluster.on_ray import ray_workers
from .errors import ClusterError, GMVError, ModelError, SettingsError, SourceError, WorkspaceError
from .matching.contributors import Attribution, Contributor, attribute
from .matching.loading import load_matcher
from .models.embedders.embedder import from_callable
from .results.compared.report import compare_results
from .results.influence.fitted import influences_on_file
from .results.influence.what_if import predicted_change
from .results.opening import open_matcher, open_run
from .results.regions.maps import open_regions, regions
from .results.result import Result
from .results.shares import group_shares
from .runs.influence import predict_influence
from .runs.regions import prepare_regions
from .runs.valuation import value
from .runs.watching import watch
from .sets.build import add, build
from .sets.layout import make_layout
from .sets.removal import remove
from .settings import (
    BuildSettings,
    EmbedSettings,
    IndexSettings,
    InfluenceSettings,
    IngestSettings,
    MatchSettings,
    RunSettings,
    ValueSettings,
)
from .sources.labels import labels_for
from .sources.opening import open_source
from .sources.readers.files import open_uploads
from .sources.readers.iterated import open_images
from .store.workspace import Workspace, default_root

__version__: str

__all__ = [
    "Against",
    "Attribution",
    "BuildSettings",
    "ClusterError",
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
    "make_layout",
    "make_review",
    "next_pair",
    "open_images",
    "open_matcher",
    "open_regions",
    "open_review",
    "open_run",
    "open_source",
    "open_uploads",
    "predict_influence",
    "predicted_change",
    "prepare_regions",
    "ray_workers",
    "regions",
    "remove",
    "review_results",
    "value",
    "verify",
    "watch",
    "write_evidence",
]
