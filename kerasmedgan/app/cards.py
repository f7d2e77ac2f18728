"""App, cards: what is said of each image, as a person reads it."""

from collections.abc import Sequence

import numpy as np

from kerasmedgan.app.classification import Entry, note_of, to_csv
from kerasmedgan.app.markup import download_link, escape, image_of, notice, table
from kerasmedgan.calibration import apply_temperature
from kerasmedgan.serving import ArmPrediction, Predictor, colour_evidence

EMPTY = notice("Choose a picture or an example. Pictures are deleted as soon as they are read.")
_MAX_CARDS = 8
_HEAT_SIDE = 128
_ARM_WORDS = {"real": "trained on real images", "real+gan": "trained on real and synthetic images"}


def show_entries(entries: Sequence[Entry], predictor: Predictor) -> str:
    """Shows images with both arms side by side; several of them as a table first.

    Args:
        entries: of `classify_files`.
        predictor: that classified them.
    """
    parts = []
    if len(entries) > 1:
        parts.append(_summary(entries, predictor))
    parts += [_card(entry, predictor) for entry in entries[:_MAX_CARDS]]
    if len(entries) > _MAX_CARDS:
        parts.append(notice(f"Pictures of the first {_MAX_CARDS} are shown; all are in the table."))
    return f'<div class="km-results" aria-live="polite">{"".join(parts)}</div>'


def _summary(entries: Sequence[Entry], predictor: Predictor) -> str:
    header = ["file", *predictor.arms, "note"]
    rows = []
    for entry in entries:
        cells = ["-"] * len(predictor.arms)
        if not note_of(entry):
            cells = [_in_short(entry.prediction.arms[arm], predictor) for arm in predictor.arms]
        rows.append([entry.file, *cells, note_of(entry)])
    data = to_csv(entries, predictor.run, predictor.arms).encode()
    link = download_link(data, "predictions.csv", "text/csv", "Download the table (CSV)")
    title = f"{len(entries)} files. Not for clinical use."
    return table(header, rows, caption=title, words=True) + link


def _in_short(arm: ArmPrediction, predictor: Predictor) -> str:
    """Returns the decision and the calibrated probability that stands behind it."""
    name = predictor.run.positive_class or arm.decision
    share = arm.calibrated[predictor.run.class_names.index(name)]
    return f"{arm.decision} (calibrated {name} {_format_share(share)})"


def _format_share(share: float) -> str:
    """Writes a probability; none is shown as certain."""
    if share < 0.001:
        return "<0.001"
    return ">0.999" if share > 0.999 else f"{share:.3f}"


def _card(entry: Entry, predictor: Predictor) -> str:
    title = f"<h3>{escape(entry.file)}</h3>"
    if entry.error:
        return f'<section class="km-card">{title}{notice(entry.error, kind="error")}</section>'
    if entry.prediction.unlike:
        shown = image_of(entry.upload.shown, f"the picture {entry.file}")
        said = notice(note_of(entry), kind="warning")
        body = f'{said}<div class="km-plain">{shown}</div>'
        return f'<section class="km-card">{title}{body}</section>'
    arms = entry.prediction.arms
    limit = max(float(np.abs(arm.evidence).max()) for arm in arms.values())
    panels = "".join(_panel(name, arm, entry, predictor, limit) for name, arm in arms.items())
    agree = len({arm.decision for arm in arms.values()}) == 1
    differ = "" if agree else notice("The two arms decide differently.", kind="warning")
    legend = f'<p class="km-small km-legend">{escape(_legend(predictor, limit))}</p>'
    return (
        f'<section class="km-card">{title}{differ}<div class="km-arms">{panels}</div>{legend}'
        "</section>"
    )


def _panel(name: str, arm: ArmPrediction, entry: Entry, predictor: Predictor, limit: float) -> str:
    run = predictor.run
    shown = image_of(entry.upload.shown, f"the picture {entry.file}")
    colours = colour_evidence(
        arm.evidence,
        **_heat_sides(entry.upload.shown),
        limit=limit,
        pad_to_aspect_ratio=run.pad_to_aspect_ratio,
    )
    heat = image_of(colours, f"heat map of arm {name}", css_class="km-heat")
    rows = zip(
        run.class_names,
        map(_format_share, arm.calibrated),
        map(_format_share, arm.probabilities),
        strict=True,
    )
    words = _ARM_WORDS.get(name, "an arm of the study")
    return (
        f'<div class="km-arm"><h4>{escape(name)}</h4><p class="km-small">{escape(words)}</p>'
        f'<p class="km-decision">{escape(arm.decision)}</p>'
        f'<div class="km-scan">{shown}{heat}</div>'
        f"{table(['class', 'calibrated', 'uncalibrated'], rows)}"
        f'<p class="km-small">{escape(_reason(name, arm, predictor))}</p></div>'
    )


def _heat_sides(shown: np.ndarray) -> dict[str, int]:
    """Returns a small size of the same aspect: the page stretches a smooth map well."""
    height, width = shown.shape[:2]
    factor = min(1.0, _HEAT_SIDE / max(height, width))
    return {"height": max(1, round(height * factor)), "width": max(1, round(width * factor))}


def _reason(name: str, arm: ArmPrediction, predictor: Predictor) -> str:
    run = predictor.run
    if arm.threshold is None:
        return "Decided by the largest probability. Calibrated on validation."
    positive = run.class_names.index(run.positive_class)
    pair = np.empty(2)
    pair[positive], pair[1 - positive] = arm.threshold, 1 - arm.threshold
    temperature = run.arms[name].temperature
    calibrated = apply_temperature(pair, temperature)[positive]
    return (
        f"{run.positive_class} is decided from {calibrated:.3f} calibrated ({arm.threshold:.3f} "
        f"uncalibrated) on, the threshold chosen on validation. Calibrated with temperature "
        f"{temperature:.2f}, fitted on validation; on other images it may be off."
    )


def _legend(predictor: Predictor, limit: float) -> str:
    name = predictor.run.positive_class or "the decided class"
    return (
        f"Heat map: orange speaks for {name}, blue against it; the cells add up to the score. Both "
        f"arms have one scale, full colour at {limit:.2f} log odds. It shows what moved the "
        "classifier, not where a disease is."
    )
