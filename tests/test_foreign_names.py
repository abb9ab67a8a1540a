"""Tensors of other programs are renamed to ours by rows, each of them accounted for."""
from __future__ import annotations

import pytest
import torch

from detr_core import VARIANTS
from detr_core.names import Translation

ROWS = (("{path}.dropped", None), ("old.{n}.{bias|b}", "new.{n*2}.bias"), ("stage.{n}", "layer{n+1}"), ("packed_{p}", "{query,key}.{p}"),
        ("{left,right}.{p}", "whole.{p}"), ("head.{@decoder_layers}", "score"))


def test_rows_rename_split_join_count_and_drop() -> None:
    theirs = {"a.b.dropped": torch.zeros(1), "old.1.bias": torch.ones(1), "old.2.b": torch.ones(1), "stage.0": torch.zeros(1),
              "packed_weight": torch.arange(4.0), "right.w": torch.ones(1), "left.w": torch.zeros(1), "head.6": torch.ones(1),
              "alien": torch.ones(1)}
    renamed, unknown = Translation(ROWS, VARIANTS["detr"].recipe)(theirs)
    assert unknown == ["alien"]
    assert renamed.keys() == {"new.2.bias", "new.4.bias", "layer1", "query.weight", "key.weight", "whole.w", "score"}
    assert renamed["key.weight"].tolist() == [2, 3] and renamed["whole.w"].tolist() == [0, 1]


def test_two_tensors_of_one_meaning_must_agree() -> None:
    rows = (("head.{i}", "head"),)
    same, other = torch.ones(2), torch.zeros(2)
    assert Translation(rows, VARIANTS["detr"].recipe)({"head.0": same, "head.1": same.clone()})[0].keys() == {"head"}
    with pytest.raises(ValueError, match=r"head\.1 and another tensor"):
        Translation(rows, VARIANTS["detr"].recipe)({"head.0": same, "head.1": other})
