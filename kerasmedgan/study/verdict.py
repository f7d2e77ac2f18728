"""Stage 6, study: a comparison enters, a verdict by the written rule and its reason leave."""

HELPS = "helps"
HURTS = "hurts"
NO_EVIDENCE = "no evidence"
NONE = "none"

RULE = (
    "An arm helps if the interval of the primary metric's paired difference to the reference arm, "
    "Holm-corrected over the arms of a fraction, lies above zero and the mean AUC difference is "
    "not below zero. It hurts if that interval lies below zero. Everything else is no evidence. "
    "One seed gives no verdict. With AUC as the primary metric the clause about AUC holds by "
    "itself."
)


def decide(entry: dict, *, primary_metric: str) -> tuple[str, str]:
    """Applies the rule that was written down before the run.

    An arm helps if the interval of the primary metric's paired difference to the reference arm,
    Holm-corrected over the arms of a fraction, lies above zero and the mean AUC difference is not
    below zero; it hurts if that interval lies below zero; everything else is no evidence. One
    seed gives no verdict. With AUC as the primary metric the clause about AUC holds by itself: an
    interval above zero has a mean above zero. `RULE` is the same for people.

    Args:
        entry: of `compare_arms`, with `differences` and `primary`.
        primary_metric: the metric of `primary`.

    Returns:
        "helps", "hurts", "no evidence" or "none", and one sentence with the numbers.
    """
    mean, auc = (entry["differences"][name]["mean"] for name in (primary_metric, "auc"))
    found = f"{_title(primary_metric)} {_signed(mean)}"
    if entry["primary"]["corrected_interval"] is None:
        return NONE, f"{found}: fewer than two seeds can give no interval, so no verdict."
    low, high = entry["primary"]["corrected_interval"]
    found = f"{found}, corrected interval {_signed(low)} to {_signed(high)}"
    if high < 0:
        return HURTS, f"{found}: below zero."
    if low <= 0:
        return NO_EVIDENCE, f"{found}: includes zero."
    if auc < 0:
        return NO_EVIDENCE, (
            f"{found}: above zero, but AUC fell by {_signed(-auc)[1:]}, so thresholds or "
            "calibration moved and the ranking did not improve."
        )
    beside = "" if primary_metric == "auc" else f", and AUC did not fall ({_signed(auc)})"
    return HELPS, f"{found}: above zero{beside}."


def _title(metric: str) -> str:
    return "AUC" if metric == "auc" else metric.replace("_", " ").capitalize()


def _signed(value: float) -> str:
    """Writes three decimals, or one digit of what these would show as zero."""
    return f"{value:+.3f}" if value == 0 or abs(value) >= 0.0005 else f"{value:+.0e}"
