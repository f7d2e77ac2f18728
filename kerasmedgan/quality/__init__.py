"""Quality of synthetic images: how near to the real ones, how varied, and whether copied."""

from kerasmedgan.quality.audit_checks import LEAST_NULL
from kerasmedgan.quality.audit_result import AuditResult, MemorisedError, SpaceResult
from kerasmedgan.quality.classifier_features import train_classifier_features
from kerasmedgan.quality.contact_sheet import write_contact_sheet
from kerasmedgan.quality.copying import copying_statistic, rank_statistic, training_preference
from kerasmedgan.quality.distances import mean_pairwise_distance
from kerasmedgan.quality.features import FeatureExtractor
from kerasmedgan.quality.frechet import frechet_distance
from kerasmedgan.quality.judge import Judge
from kerasmedgan.quality.keras_features import KerasFeatures, inception_features
from kerasmedgan.quality.kid import KernelDistance, kernel_distance
from kerasmedgan.quality.manifold import ManifoldScores, manifold_scores
from kerasmedgan.quality.memorisation import MemorisationAudit
from kerasmedgan.quality.score import Measures, Passport, PassportError, Score
from kerasmedgan.quality.texture_features import TextureFeatures
from kerasmedgan.quality.withholding import NewImages, draw_new_images

__all__ = [
    "LEAST_NULL",
    "AuditResult",
    "MemorisationAudit",
    "MemorisedError",
    "SpaceResult",
    "FeatureExtractor",
    "Judge",
    "KerasFeatures",
    "KernelDistance",
    "ManifoldScores",
    "Measures",
    "Passport",
    "NewImages",
    "PassportError",
    "Score",
    "TextureFeatures",
    "copying_statistic",
    "draw_new_images",
    "frechet_distance",
    "inception_features",
    "kernel_distance",
    "manifold_scores",
    "mean_pairwise_distance",
    "rank_statistic",
    "train_classifier_features",
    "training_preference",
    "write_contact_sheet",
]
