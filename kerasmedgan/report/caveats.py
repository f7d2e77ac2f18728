"""Report, caveats: what one run can and cannot tell, in words that hold whatever it found."""

from math import sqrt

from kerasmedgan.study import REAL

_ORIGINS = ("real", "synthetic")


def format_caveats(results: dict) -> str:
    """Writes the section on what the run can tell, as a Markdown list.

    Args:
        results: the content of `results.json`.
    """
    points = (
        "This is one run with one seed: one draw of the initial weights, of the batch order and "
        "of the synthetic images.",
        *_differences(results),
        _noise(results),
        *_priors(results),
        *_balance(results),
        *_leakage(results),
        *_origin(results),
        _openings(results),
        "Not for clinical use.",
        "To answer whether augmentation helped, repeat the run over several seeds and compare the "
        "arms seed by seed, with the spread.",
    )
    return "\n".join(f"- {point}" for point in points)


def standard_error(accuracy: float, count: int) -> float:
    """Returns the binomial standard error of an accuracy: sqrt(p (1 - p) / n)."""
    return sqrt(accuracy * (1.0 - accuracy) / count)


def _baseline(results: dict) -> str:
    """Returns the arm that the others are held against."""
    return REAL if REAL in results["arms"] else next(iter(results["arms"]))


def _differences(results: dict) -> list[str]:
    """Says of each other arm how far its test metrics lie from the baseline's."""
    arms, baseline = results["arms"], _baseline(results)
    others = [name for name in arms if name != baseline]
    if not others:
        return [f"There is one arm, `{baseline}`: nothing is compared."]
    metrics = (("accuracy", "accuracy"), ("auc", "AUC"))
    sentences = []
    for name in others:
        parts = (
            f"{title} is {_compare(arms[name]['test'][key] - arms[baseline]['test'][key])}"
            for key, title in metrics
        )
        sentences.append(f"Test split, `{name}` against `{baseline}`: {' and '.join(parts)}.")
    return sentences


def _compare(difference: float) -> str:
    """Words a difference of shares with its sign in percentage points, before rounding."""
    points = round(100 * difference, 1)
    if points == 0:
        return "equal to a tenth of a point (0.0 points)"
    return f"{'higher' if points > 0 else 'lower'} ({points:+.1f} points)"


def _noise(results: dict) -> str:
    """Says how far an accuracy on so few test images is off by chance alone."""
    count = sum(results["data"]["test"].values())
    errors = "; ".join(
        f"`{name}` {100 * standard_error(arm['test']['accuracy'], count):.1f} points"
        for name, arm in results["arms"].items()
    )
    text = (
        f"The binomial standard error of an accuracy on {count} test images, sqrt(p (1 - p) / n), "
        f"is: {errors}. "
    )
    if any(arm["test"]["accuracy"] in (0.0, 1.0) for arm in results["arms"].values()):
        text += "At an accuracy of 0 or 1 the formula gives 0, which is not certainty. "
    return text + (
        "It is the error of each accuracy by itself. The arms share their test images, so their "
        "difference has another error, which one run does not give; the AUCs stand here with none. "
        "Images of one patient resemble each other, so the true errors tend to be larger. A "
        "difference of that order, or of the few points that a change of seed alone makes, is no "
        "evidence either way; a larger one in a single run is a reason to repeat it."
    )


def _priors(results: dict) -> list[str]:
    """Says how often each class, or the positive one, occurs in training and test images."""
    train, test = results["data"]["train"], results["data"]["test"]
    positive = results["classes"]["positive"]
    names = [positive] if positive else results["classes"]["names"]
    shares = [(name, _share(train, name), _share(test, name)) for name in names]
    listed = "; ".join(
        f"{name} is {before:.1f} % of the real training images and {after:.1f} % of the test images"
        for name, before, after in shares
    )
    differ = any(f"{before:.1f}" != f"{after:.1f}" for _, before, after in shares)
    depends = "the threshold and on the class prior" if positive else "the class prior"
    common = max(test, key=test.get)
    verdict = (
        "differ, so accuracy can differ even where every class is recognised equally well in both"
        if differ
        else "are the same to a tenth of a per cent"
    )
    return [
        f"Accuracy alone depends on {depends}. {listed}: the priors {verdict}. A classifier that "
        f"always answers {common} has an accuracy of {_share(test, common) / 100:.3f} on this "
        "test split."
    ]


def _share(counts: dict[str, int], name: str) -> float:
    return 100 * counts[name] / sum(counts.values())


def _balance(results: dict) -> list[str]:
    """Says that synthetic images also move the balance of the classes."""
    names = results["classes"]["names"]
    shares = {}
    for arm, entry in results["arms"].items():
        counts = [sum(entry["train"][origin].get(name, 0) for origin in _ORIGINS) for name in names]
        listed = ", ".join(
            f"{name} {100 * count / sum(counts):.1f} %"
            for name, count in zip(names, counts, strict=True)
        )
        shares[arm] = listed
    if len(set(shares.values())) < 2:
        return []
    listed = "; ".join(f"`{arm}` {share}" for arm, share in shares.items())
    moved = "thresholds, calibration and" if results["classes"]["positive"] else "calibration and"
    return [
        f"The arms also differ in the balance of their training images: {listed}. That alone "
        f"moves {moved} accuracy. No arm with repeated real images "
        "or class weights was run, so this run cannot tell new content from new balance."
    ]


def _leakage(results: dict) -> list[str]:
    """Warns of patients' names and identical images that stand in several splits."""
    found = results["leakage"]
    listed = [f"{count} {what}" for what, count in found.items() if count]
    if not listed:
        return []
    return [
        f"The data report found {', '.join(listed)}. Where these are the same patients or images, "
        "the numbers flatter; where patient numbering restarts in each folder, they are not."
    ]


def _origin(results: dict) -> list[str]:
    """Warns when being synthetic gives the class away."""
    synthetic = [arm["train"]["synthetic"] for arm in results["arms"].values()]
    classes = {name for counts in synthetic for name, count in counts.items() if count}
    if len(classes) != 1:
        return []
    (name,) = classes
    return [
        f"Synthetic images stand in one class only, {name}: a classifier can learn 'looks "
        f"synthetic = {name}' in training, which is of no use on real images."
    ]


def _openings(results: dict) -> str:
    """Says how often each arm looked at the test split."""
    openings = {name: arm["test_openings"] for name, arm in results["arms"].items()}
    if set(openings.values()) == {1}:
        return (
            "In this run the test split was opened once an arm, after its weights and its way of "
            "deciding were fixed. Earlier runs on the same data are not counted, and choosing "
            "between runs by these numbers would use it up."
        )
    listed = ", ".join(f"`{name}` {count} times" for name, count in openings.items())
    return f"The test split was opened more than once in this run ({listed}): its numbers flatter."
