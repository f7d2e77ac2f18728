"""Quality of synthetic images: how near to the real ones, how varied, and whether copied."""

from kerasmedgan.quality.copying import copying_statistic, rank_statistic
from kerasmedgan.quality.distances import mean_pairwise_distance
from kerasmedgan.quality.frechet import frechet_distance
from kerasmedgan.quality.kid import KernelDistance, kernel_distance
from kerasmedgan.quality.manifold import ManifoldScores, manifold_scores

__all__ = [
    "KernelDistance",
    "ManifoldScores",
    "copying_statistic",
    "frechet_distance",
    "kernel_distance",
    "manifold_scores",
    "mean_pairwise_distance",
    "rank_statistic",
]
