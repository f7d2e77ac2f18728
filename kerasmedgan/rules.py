"""Ground: a settings object's rules, and the sentence for one that is broken."""

from collections.abc import Iterable


def check_rules(settings: object, rules: Iterable[tuple[str, bool, str, str]]) -> None:
    """Refuses the first attribute that breaks its rule.

    Args:
        settings: has the attributes.
        rules: attribute, whether it is right, what is expected, and what to do.

    Raises:
        ValueError: with all of that and what was received.
    """
    for name, is_right, expected, advice in rules:
        if not is_right:
            raise ValueError(
                f"Invalid value for `{name}`. Expected {expected}. Received: "
                f"{getattr(settings, name)}. {advice}."
            )
