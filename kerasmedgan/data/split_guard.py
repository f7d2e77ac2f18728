"""Stage 1, data: which split is for what; where something is chosen, test is refused."""

TRAIN, VALIDATION, TEST = "train", "validation", "test"


class TestSplitError(ValueError):
    """Raised when the test split is asked for anything but the final number."""

    __test__ = False


def require_split(received: str, expected: str, argument: str) -> None:
    """Raises unless `argument` is of the split that it must be of.

    Raises:
        TestSplitError: if it is of the test split.
        ValueError: if it is of another split.
    """
    if received != expected:
        error = TestSplitError if received == TEST else ValueError
        raise error(
            f"Invalid value for `{argument}`. Expected the {expected} split. Received: the "
            f"{received} split. Use `splits.{expected}`; the test split is for the final number "
            "alone."
        )


def refuse_test_split(received: str, argument: str, advice: str) -> None:
    """Raises `TestSplitError` if `argument` is of the test split."""
    if received == TEST:
        raise TestSplitError(
            f"Invalid value for `{argument}`. Expected training or validation images. Received: "
            f"the test split, which is for the final number alone. Please {advice}."
        )
