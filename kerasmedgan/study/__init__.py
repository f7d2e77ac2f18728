"""Stage 6, study: classifiers on real and on real + synthetic images, compared."""

from kerasmedgan.study.arms import ARMS, REAL, REAL_AND_GAN, build_arms
from kerasmedgan.study.gan_run import describe_gan, describe_synthetic, run_gan
from kerasmedgan.study.job import Job, JobSettings, prepare_job
from kerasmedgan.study.prepare import Study, prepare_study
from kerasmedgan.study.run import run_arm
from kerasmedgan.study.settings import StudySettings
from kerasmedgan.study.study import open_study_folder, run_study
from kerasmedgan.study.train import ClassifierSettings

__all__ = [
    "ARMS",
    "REAL",
    "REAL_AND_GAN",
    "ClassifierSettings",
    "Job",
    "JobSettings",
    "Study",
    "StudySettings",
    "build_arms",
    "describe_gan",
    "describe_synthetic",
    "open_study_folder",
    "prepare_job",
    "prepare_study",
    "run_arm",
    "run_gan",
    "run_study",
]
