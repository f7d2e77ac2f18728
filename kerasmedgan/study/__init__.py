"""Stage 6, study: classifiers on real and on real + synthetic images, compared."""

from kerasmedgan.study.arms import REAL, REAL_AND_GAN, build_arms
from kerasmedgan.study.gan_run import describe_gan, describe_synthetic, run_gan
from kerasmedgan.study.job import Job, JobSettings, prepare_job
from kerasmedgan.study.run import ClassifierSettings, run_arm

__all__ = [
    "REAL",
    "REAL_AND_GAN",
    "ClassifierSettings",
    "Job",
    "JobSettings",
    "build_arms",
    "describe_gan",
    "describe_synthetic",
    "prepare_job",
    "run_arm",
    "run_gan",
]
