"""Report, text: the content of results.json becomes Markdown. No number comes from elsewhere."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from kerasmedgan.report.caveats import format_caveats
from kerasmedgan.report.environment_table import format_environment
from kerasmedgan.report.tables import format_counts, format_list, format_table

REAL_BESIDE_SYNTHETIC = "real_beside_synthetic.png"


def format_report(results: dict, figures: Sequence[str]) -> str:
    """Writes the report of a run.

    Args:
        results: the content of `results.json`.
        figures: paths of the figures, below the folder of the report.

    Returns:
        Markdown.
    """
    sections = (
        "# GAN augmentation: report of one run",
        _summary(results),
        *_results_sections(results),
        "## What this run can and cannot tell",
        format_caveats(results),
        "## Figures",
        *(_figure(results, path) for path in figures),
        "## GAN and synthetic images",
        _gan_facts(results),
        "## Environment",
        format_environment(results),
    )
    return "\n\n".join(sections) + "\n"


def _summary(results: dict) -> str:
    gan, synthetic = results["gan"], results["synthetic"]
    counts = "; ".join(f"{split} {format_counts(of)}" for split, of in results["data"].items())
    arms = ", ".join(f"`{name}`" for name in results["arms"])
    return (
        f"Real images: {counts}. A DCGAN learned from the {results['data']['train'][gan['class']]} "
        f"real training images of {gan['class']} and drew {synthetic['count']} synthetic ones. "
        f"Arms, one classifier each: {arms}."
    )


def _results_sections(results: dict) -> list[str]:
    seeds = sorted({arm["seed"] for arm in results["arms"].values()})
    run = f"one run, seed {', '.join(map(str, seeds))}"
    chosen = "Weights and thresholds were" if results["classes"]["positive"] else "Weights were"
    sections = [f"## Test split, {run}", _metrics_table(results, "test")]
    if results["classes"]["positive"]:
        sections += [
            "### Test split at threshold 0.5",
            "The same probabilities, decided at 0.5 instead.",
            _half_table(results),
        ]
    return [
        *sections,
        f"## Validation split, {run}",
        f"{chosen} chosen on these images, so these numbers flatter.",
        _metrics_table(results, "validation"),
        "## What each arm trained on",
        _composition_table(results),
    ]


def _metrics_table(results: dict, split: str) -> str:
    """Lays out a row an arm: what was decided, how well, and how well ranked and calibrated."""
    binary = results["classes"]["positive"] is not None
    columns = {
        "accuracy": "accuracy",
        "balanced accuracy": "balanced_accuracy",
        "AUC" if binary else "AUC (macro, one against the rest)": "auc",
        **_class_columns(results),
        "expected calibration error": "expected_calibration_error",
    }
    if binary:
        columns = {"threshold (chosen on validation)": "threshold", **columns}
    return _arm_table(columns, {name: arm[split] for name, arm in results["arms"].items()})


def _half_table(results: dict) -> str:
    columns = {
        "threshold": "threshold",
        "accuracy": "accuracy",
        "balanced accuracy": "balanced_accuracy",
        **_class_columns(results),
    }
    return _arm_table(
        columns, {name: arm["test"]["at_half"] for name, arm in results["arms"].items()}
    )


def _class_columns(results: dict) -> dict[str, str]:
    """Returns column title and metric of the shares that belong to one class."""
    names, positive = results["classes"]["names"], results["classes"]["positive"]
    if positive is None:
        return {f"recall ({name})": f"recall/{name}" for name in names}
    (negative,) = (name for name in names if name != positive)
    return {f"sensitivity ({positive})": "sensitivity", f"specificity ({negative})": "specificity"}


def _arm_table(columns: dict[str, str], metrics: dict[str, dict]) -> str:
    flat = {
        arm: values | {f"recall/{name}": value for name, value in values.get("recall", {}).items()}
        for arm, values in metrics.items()
    }
    rows = [
        [f"`{arm}`", *(f"{values[key]:.3f}" for key in columns.values())]
        for arm, values in flat.items()
    ]
    return format_table(["arm", *columns], rows)


def _composition_table(results: dict) -> str:
    names = results["classes"]["names"]
    origins = ("real", "synthetic")
    counts = [f"{origin} {name}" for origin in origins for name in names]
    header = ["arm", *counts, "all", "updates", "batch", "weights kept of epoch", "seconds"]
    rows = []
    for arm, entry in results["arms"].items():
        row = [entry["train"][origin].get(name, 0) for origin in origins for name in names]
        training = (entry[key] for key in ("updates", "batch_size", "best_epoch", "seconds"))
        rows.append([f"`{arm}`", *row, sum(row), *training])
    return format_table(header, rows)


def _gan_facts(results: dict) -> str:
    gan, synthetic = results["gan"], results["synthetic"]
    facts = (
        f"trained on {gan['class']}: {gan['epochs']} epochs, {gan['steps']} steps of "
        f"{gan['batch_size']} images, {gan['seconds']} seconds, "
        f"{gan['images_per_second']} images a second",
        f"{synthetic['count']} synthetic images of {synthetic['class']}, seed {synthetic['seed']}, "
        f"in `{synthetic['directory']}`",
        f"diversity ratio {synthetic['diversity_ratio']}: the mean pairwise distance among "
        f"synthetic images ({synthetic['mean_pairwise_distance']}) over that among real ones "
        f"({synthetic['real_mean_pairwise_distance']}). 1 is as varied as the real images, 0 is "
        "one image over and over. It says nothing about how right the images are.",
        _memorisation(synthetic.get("memorisation")),
    )
    return format_list(facts)


def _memorisation(audit: dict | None) -> str:
    if audit is None:
        return "no audit for copies of training images was made"
    return (
        f"audit for copies: {audit['withheld']} images were withheld and replaced; of "
        f"{audit['images']} judged {audit['flagged']} were too near to a training image, "
        f"{audit['false_rate']:.1%} of them expected without copying (null: {audit['null']})"
    )


def _figure(results: dict, path: str) -> str:
    name = PurePosixPath(path).name
    return f"![{PurePosixPath(path).stem.replace('_', ' ')}]({path})\n\n{_caption(results, name)}"


def _caption(results: dict, name: str) -> str:
    binary, drawn = results["classes"]["positive"] is not None, results["gan"]["class"]
    point = " and, as a dot, the validation-chosen threshold" if binary else ""
    rule = "at the validation-chosen threshold" if binary else "by the largest probability"
    curves = (
        "in training (dashed, the mean of an epoch, on the arm's own training images) and on "
        "validation; a ring marks the weights that were kept."
    )
    return {
        "accuracy_curves.png": f"Accuracy at threshold 0.5 {curves}"
        if binary
        else f"Accuracy {curves}",
        "auc_curves.png": f"AUC {curves}",
        "roc.png": f"ROC curve of each arm on the test split, with its AUC{point}.",
        "confusion_matrices.png": f"Test images by true and predicted class, decided {rule}.",
        "gan_losses.png": "Losses of the GAN and, below, the share of images that the "
        "discriminator judged rightly; 0.5 is guessing.",
        REAL_BESIDE_SYNTHETIC: f"Real training images of {drawn} (left) beside synthetic ones "
        "(right), none picked by hand. **This figure shows training images: do not publish it "
        "where they are patients' images.**",
        "synthetic_grid.png": f"The first synthetic images of {drawn}, none picked by hand.",
    }[name]
