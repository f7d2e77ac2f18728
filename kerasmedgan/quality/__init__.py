"""Quality of synthetic images: how varied they are."""

from kerasmedgan.quality.distances import mean_pairwise_distance

__all__ = ["mean_pairwise_distance"]
