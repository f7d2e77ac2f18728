"""Studies whose truth is known: scores drawn with patient, arm and seed effects."""

import numpy as np
from scipy.special import expit

from kerasmedgan.study.arm_scores import ArmScores

ARMS = ("real", "weights", "oversample", "classical", "gan")


def draw_study(
    generator,
    *,
    patients=(90, 130),
    images_a_patient=4,
    seeds=3,
    separation=2.0,
    seed_noise=0.05,
    threshold_noise=0.35,
    patient_noise=0.6,
    effect=0.0,
    arms=ARMS,
):
    """Draws a study in which every arm but the last is as good as "real" in the long run.

    What a classifier says of an image, before the sigmoid: half the separation up or down, the
    patient, the image (both the same for all classifiers), what this arm (all its seeds) and what
    this classifier makes of the patient and of the image. Three patients in ten have up to
    `images_a_patient` images, the others one.

    Returns:
        The arms' scores, `is_positive` and `groups`.
    """
    diseased = np.arange(sum(patients)) < patients[0]
    several = generator.integers(1, images_a_patient + 1, len(diseased))
    images = np.where(generator.random(len(diseased)) < 0.3, several, 1)
    patient = np.repeat(np.arange(len(diseased)), images)
    is_positive = diseased[patient]

    def noise(by_patient, by_image):
        whole = by_patient * generator.normal(size=len(diseased))[patient]
        return whole + by_image * generator.normal(size=len(patient))

    shared, drawn = noise(patient_noise, 0.6), {}
    for arm in arms:
        of_arm, scores = noise(0.25, 0.0), []
        for _ in range(seeds):
            apart = separation + seed_noise * generator.normal() + effect * (arm == arms[-1])
            scores.append(shared + of_arm + noise(0.1, 0.15) + apart * (is_positive - 0.5))
        thresholds = expit(threshold_noise * generator.normal(size=seeds))
        drawn[arm] = ArmScores(expit(np.array(scores)), thresholds)
    return drawn, is_positive, np.array([f"person{number}" for number in patient])
