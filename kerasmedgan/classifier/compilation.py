"""Stage 5, classifier: the optimizer, loss and metrics of a network."""

import keras
from keras.optimizers import schedules

from kerasmedgan.classifier.network import check_choice

OPTIMIZERS = ("adam", "sgd")
SCHEDULES = ("cosine", "warmup", "constant")
_MOMENTUM = 0.9
# The share of the updates in which the rate of "warmup" rises.
_WARMUP = 0.1


def compile_classifier(
    model: keras.Model,
    *,
    updates: int,
    learning_rate: float = 1e-3,
    optimizer: str = "adam",
    schedule: str = "cosine",
    weight_decay: float = 0.0,
    label_smoothing: float = 0.0,
) -> None:
    """Compiles with an optimizer, a schedule over `updates`, cross-entropy, accuracy and AUC.

    The AUC is the mean of the one-versus-rest AUCs; with two classes that is the usual AUC.

    Args:
        model: from `build_classifier`.
        updates: optimizer updates of the whole training.
        learning_rate: the highest of the schedule.
        optimizer: "adam", or "sgd" with Nesterov momentum of 0.9.
        schedule: "cosine" falls to 0 over `updates`; "warmup" first rises from 0 for a tenth of
            them; "constant" stays.
        weight_decay: share of each weight taken off in an update, times the learning rate: apart
            from the gradient, as in Loshchilov and Hutter 2019, arXiv:1711.05101.
        label_smoothing: share of the label spread over all classes, in [0, 1).

    Raises:
        ValueError: if a name is unknown.
    """
    check_choice("optimizer", optimizer, OPTIMIZERS)
    check_choice("schedule", schedule, SCHEDULES)
    rate = _schedule(schedule, learning_rate, updates)
    model.compile(
        optimizer=_optimizer(optimizer, rate, weight_decay or None),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=[
            keras.metrics.CategoricalAccuracy(name="accuracy"),
            keras.metrics.AUC(name="auc", multi_label=True, num_labels=model.output_shape[-1]),
        ],
        jit_compile=False,
    )
    # Or `fit` would trace each update twice: TensorFlow starts over when a trace makes variables.
    model.optimizer.build(model.trainable_variables)


def _schedule(name: str, learning_rate: float, updates: int):
    if name == "constant":
        return learning_rate
    if name == "cosine":
        return schedules.CosineDecay(learning_rate, decay_steps=updates)
    warmup = max(1, round(_WARMUP * updates))
    return schedules.CosineDecay(
        0.0,
        decay_steps=max(1, updates - warmup),
        warmup_target=learning_rate,
        warmup_steps=warmup,
    )


def _optimizer(name: str, rate, weight_decay: float | None) -> keras.optimizers.Optimizer:
    if name == "sgd":
        return keras.optimizers.SGD(
            rate, momentum=_MOMENTUM, nesterov=True, weight_decay=weight_decay
        )
    return keras.optimizers.Adam(rate, weight_decay=weight_decay)
