"""Quality, the default features: a classifier that is trained on the real training images."""

from kerasmedgan.classifier import build_classifier, compile_classifier, train_classifier
from kerasmedgan.data.labeled import LabeledImages
from kerasmedgan.quality.keras_features import KerasFeatures

_FILTERS = (16, 32, 64, 128)
_LOOKS = 4


def train_classifier_features(
    train: LabeledImages,
    validation: LabeledImages,
    *,
    updates: int = 600,
    batch_size: int = 64,
    seed: int = 0,
) -> KerasFeatures:
    """Trains the small classifier of the arms and returns its penultimate layer as features.

    It works offline and in the domain of the images. The classes must differ in something that
    matters: what the classifier does not need in order to tell them apart it may not see.

    Args:
        train: real training images of two classes or more.
        validation: real validation images; its AUC chooses among four looks.
        updates: optimizer updates, a multiple of 4.
        batch_size: images an update; fewer if there are fewer.
        seed: seed of the weights and of the batch order.

    Returns:
        The extractor; `.network` is the model up to that layer.

    Raises:
        TestSplitError: if one of the sets is the test split.
        ValueError: if a set is of another split or holds synthetic images, or there is one class.
    """
    present = sum(count > 0 for count in train.counts().values())
    if train.synthetic.any() or present < 2:
        raise ValueError(
            "Invalid value for `train`. Expected real images of two classes or more. Received: "
            f"{train.counts()}, {int(train.synthetic.sum())} of them synthetic. Use "
            "`splits.train`, or `TextureFeatures`, which needs no classes."
        )
    filters = [n for block, n in enumerate(_FILTERS, start=1) if 2**block <= train.image_size]
    model = build_classifier(
        image_size=train.image_size,
        channels=train.channels,
        num_classes=train.num_classes,
        filters=filters,
        seed=seed,
    )
    compile_classifier(model, updates=updates)
    train_classifier(
        model,
        train,
        validation,
        updates=updates,
        updates_per_epoch=updates // _LOOKS,
        batch_size=min(batch_size, len(train)),
        seed=seed,
        verbose=0,
    )
    return KerasFeatures(model)
