from types import SimpleNamespace

import pytest

from kerasmedgan.rules import check_rules


def test_the_first_broken_rule_is_told():
    settings = SimpleNamespace(seeds=0, updates=0)
    rules = [("seeds", True, "an integer", "-"), ("updates", False, "an integer >= 1", "Use 1")]
    sentence = "`updates`. Expected an integer >= 1. Received: 0. Use 1."
    with pytest.raises(ValueError, match=sentence):
        check_rules(settings, rules)
    check_rules(settings, rules[:1])
