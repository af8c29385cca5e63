"""Every state and every move has a name in both languages."""

import importlib
import pkgutil
from collections.abc import Iterator
from enum import StrEnum

import marketplace
from marketplace.core.states import Transition
from marketplace.core.words.state_names import MOVE_NAMES, STATE_NAMES, move_name, state_list, state_name


def tables() -> Iterator[dict[str, Transition]]:
    """The tables of transitions of all rooms."""
    for found in pkgutil.walk_packages(marketplace.__path__, "marketplace."):
        if found.name.endswith(".states") and found.name != "marketplace.core.states":
            module = importlib.import_module(found.name)
            yield from (value for name, value in vars(module).items() if name.endswith("_TRANSITIONS"))


def states() -> set[str]:
    """The codes of all states of all columns that hold one."""
    enums: set[type[StrEnum]] = {type(rule.target) for table in tables() for rule in table.values()}
    enums |= {importlib.import_module("marketplace.core.jobs").JobState}
    enums |= {importlib.import_module("marketplace.reviews.verdicts").VerdictStatus}
    return {str(member) for one in enums for member in one}


def test_every_state_is_named() -> None:
    assert len(states()) > 30
    assert states() <= STATE_NAMES.keys()


def test_every_move_is_named() -> None:
    moves = {name for table in tables() for name in table}
    assert len(moves) > 30
    assert moves | {"override"} == MOVE_NAMES.keys()


def test_a_name_is_chinese_in_chinese_and_no_code_in_english() -> None:
    for name in (*STATE_NAMES.values(), *MOVE_NAMES.values()):
        assert not name.zh.isascii()
        assert name.en.isascii()
        assert "_" not in name.en


def test_states_make_a_list_within_a_sentence() -> None:
    assert state_list(("published", "draft")) == ("“草稿”、“已发布”", "draft, published")
    assert state_name("leased").zh == "进行中"
    assert move_name("step_back").en == "step back from"
