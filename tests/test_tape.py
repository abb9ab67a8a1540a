"""A tape keeps what was noted under a module's own name, and only while it runs."""
import pytest
import torch
from torch import Tensor, nn

from detr_core import Tape
from detr_core.tape import note, wanted


class Layer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        note(self, seen=x)
        return x * 2


class Stack(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Layer(), Layer()])
        self.looked_at: list[bool] = []

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            self.looked_at.append(wanted(layer, "seen"))
            x = layer(x)
        return x


def test_values_lie_under_the_modules_dotted_name_in_order() -> None:
    model = Stack()
    with Tape(model) as tape:
        model(torch.ones(1))
        model(torch.zeros(1))
    assert {path: [v.item() for v in values] for path, values in tape.entries.items()} == {"layers.0.seen": [1, 0], "layers.1.seen": [2, 0]}
    assert [v.item() for v in tape["layers.*.seen"]] == [1, 0, 2, 0]


def test_nothing_is_kept_or_wanted_without_a_tape() -> None:
    model = Stack()
    with Tape(model) as tape:
        pass
    model(torch.ones(1))
    assert tape.entries == {} and model.looked_at == [False, False]


def test_only_matching_paths_are_kept_and_wanted() -> None:
    model = Stack()
    with Tape(model, keep=("layers.1.*",)) as tape:
        model(torch.ones(1))
    assert list(tape.entries) == ["layers.1.seen"] and model.looked_at == [False, True]


def test_gradients_are_cut_unless_asked_for() -> None:
    model, x = Stack(), torch.ones(1, requires_grad=True)
    for detach in (True, False):
        with Tape(model, detach=detach) as tape:
            model(x)
        assert tape["layers.1.seen"][0].requires_grad is not detach


def test_an_inner_tape_hides_the_outer_one_until_it_ends() -> None:
    model = Stack()
    with Tape(model) as outer:
        with Tape(model) as inner:
            model(torch.ones(1))
        model(torch.zeros(1))
    assert len(inner["layers.0.seen"]) == len(outer["layers.0.seen"]) == 1 and outer["layers.0.seen"][0] == 0


def test_a_tape_ends_with_an_error_too() -> None:
    model = Stack()
    with pytest.raises(RuntimeError), Tape(model):
        raise RuntimeError
    model(torch.ones(1))
    assert model.looked_at == [False, False]


def test_a_missing_path_is_told_with_what_there_is() -> None:
    model = Stack()
    with Tape(model) as tape:
        model(torch.ones(1))
    with pytest.raises(KeyError, match=r"layers\.0\.seen"):
        tape["decoder.*"]
    assert tape.get("decoder.*") == []
