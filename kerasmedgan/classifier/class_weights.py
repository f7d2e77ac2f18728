"""Stage 5, classifier: weights that let small classes count as much as large ones."""

from collections.abc import Mapping

import numpy as np
from sklearn.utils.class_weight import compute_class_weight


def balanced_class_weights(counts: Mapping[str, int]) -> dict[int, float]:
    """Returns the weights that let every class count the same in the training loss.

    The weight of a class is `total / (num_classes * count)`; the mean over all images is 1.
    Source: King and Zeng 2001, Political Analysis 9(2), 137-163; scikit-learn's "balanced".

    Args:
        counts: images of each class in label order, as from `LabeledImages.counts()`.

    Returns:
        The weight of each label, for `train_classifier(class_weight=...)`.

    Raises:
        ValueError: if a class has no image.
    """
    empty = [name for name, count in counts.items() if count < 1]
    if empty or not counts:
        raise ValueError(
            "Invalid value for `counts`. Expected at least one image of each class. Received: "
            f"{dict(counts)}. Add images of {empty} or leave those classes out."
        )
    labels = np.arange(len(counts))
    weights = compute_class_weight(
        "balanced", classes=labels, y=np.repeat(labels, list(counts.values()))
    )
    return {label: float(weight) for label, weight in enumerate(weights)}


def check_class_weight(class_weight: Mapping[int, float] | None, num_classes: int) -> None:
    """Raises `ValueError` unless every label has a weight, or there are none at all."""
    # Keras gives a forgotten label the weight 1 or fails in the middle of an epoch.
    if class_weight is not None and set(class_weight) != set(range(num_classes)):
        raise ValueError(
            f"Invalid value for `class_weight`. Expected a weight for each label from 0 to "
            f"{num_classes - 1}. Received: {dict(class_weight)}. Use `balanced_class_weights`."
        )
