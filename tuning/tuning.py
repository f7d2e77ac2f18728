"""A comparison of tuned arms: settings enter, one leaves of which nothing is undecided."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from kerasmedgan.classifier import check_updates
from kerasmedgan.rules import check_rules
from kerasmedgan.study.arms import REAL, REAL_AND_GAN
from kerasmedgan.study.prepare import Study, prepare_study
from kerasmedgan.study.settings import StudySettings
from kerasmedgan.tuning.hypermodel import RATIOS
from kerasmedgan.tuning.settings import SearchSettings

TUNED_ARMS = (REAL, REAL_AND_GAN)


@dataclasses.dataclass(frozen=True)
class TuningSettings:
    """What a person chooses.

    Attributes:
        source: as in `load_images`.
        arms: "real", "real+gan" or both. Each gets a search of its own, as costly as the other's.
        search: of both searches: tuner, trials, updates, seed, batch size, precision, strategy.
        finalists: networks of each search, the untuned one among them, that are trained anew with
            several seeds before one is chosen; 1 takes the search's best as it is.
        finalist_seeds: seeds of these trainings, counted on from that of the searches.
        seeds: seeds of the final round, counted on from those, so that its validation images are
            others than those that chose the hyperparameters.
        final_updates: updates of each classifier of the finalists and of the final round.
        options: further arguments of `StudySettings`: of the data, of the GANs, `positive_class`,
            `primary_metric`.
    """

    source: str
    arms: Sequence[str] = TUNED_ARMS
    search: SearchSettings = SearchSettings()
    finalists: int = 4
    finalist_seeds: int = 3
    seeds: int = 3
    final_updates: int = 1000
    options: Mapping = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        """Refuses what needs no images to be refused."""
        object.__setattr__(self, "arms", tuple(dict.fromkeys(self.arms)))
        if not self.arms or not set(self.arms) <= set(TUNED_ARMS):
            raise ValueError(
                f"Invalid value for `arms`. Expected some of {list(TUNED_ARMS)}. Received: "
                f"{list(self.arms)}. Choose from the list."
            )
        check_rules(self, self._rules())
        check_updates(self.final_updates, 1)

    def _rules(self) -> Iterator[tuple[str, bool, str, str]]:
        """Yields argument, whether it is right, what is expected, and what to do."""
        for name, advice in (
            ("seeds", "Fewer than 2 give no verdict"),
            ("finalists", "1 takes the search's best as it is"),
            ("finalist_seeds", "One or two leave much to luck"),
        ):
            yield name, getattr(self, name) >= 1, "an integer >= 1", advice

    @property
    def draws(self) -> bool:
        """Whether an arm needs synthetic images."""
        return REAL_AND_GAN in self.arms

    @property
    def deciding_seeds(self) -> tuple[int, ...]:
        """The seeds that decide among the finalists; none where the search's best is taken."""
        count = self.finalist_seeds if self.finalists > 1 else 0
        return tuple(range(self.search.seed + 1, self.search.seed + 1 + count))

    @property
    def final_seeds(self) -> tuple[int, ...]:
        """The seeds of the final round."""
        first = self.search.seed + 1 + len(self.deciding_seeds)
        return tuple(range(first, first + self.seeds))

    def study(self) -> StudySettings:
        """Returns the study that loads the data and trains the GANs of all seeds."""
        return StudySettings(
            source=self.source,
            arms=("real", "gan") if self.draws else ("real",),
            seeds=1 + len(self.deciding_seeds) + self.seeds,
            first_seed=self.search.seed,
            synthetic_ratios=RATIOS,
            classifier_batch_size=self.search.batch_size,
            precision=self.search.precision,
            strategy=self.search.strategy,
            **self.options,
        )


@dataclasses.dataclass(frozen=True)
class Tuning:
    """Everything that is decided before the first step.

    Attributes:
        settings: what was chosen.
        study: the data of all seeds, checked.
        config: every resolved setting, JSON-ready.
    """

    settings: TuningSettings
    study: Study
    config: dict


def prepare_tuning(settings: TuningSettings) -> Tuning:
    """Loads the images of every seed, resolves every setting, refuses what would fail later.

    Raises:
        ValueError: if the source or a setting cannot be used.
        ConnectionError: as in `load_images`.
    """
    study = prepare_study(settings.study())
    unused = ("arms", "seeds", "first_seed", "classifier", "classifier_updates", "classical")
    facts = {name: value for name, value in study.config.items() if name not in unused}
    config = {
        **facts,
        "kind": "tuning",
        "arms": list(settings.arms),
        "search": dataclasses.asdict(settings.search),
        "finalists": settings.finalists,
        "deciding_seeds": list(settings.deciding_seeds),
        "final_seeds": list(settings.final_seeds),
        "final_updates": settings.final_updates,
    }
    return Tuning(settings, study, config)
