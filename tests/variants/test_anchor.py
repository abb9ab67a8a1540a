"""Anchor DETR: points times patterns, row and column attention, its options."""
import pytest
import torch

from detr_core import VARIANTS, Batch, Detector, Recipe, Tape, Targets, part
from detr_core.backbones import BundledBackbone
from detr_core.row_column import PlaneCross, PlaneTokens
from detr_core.training.criterion import Criterion
from detr_core.variants.anchor import EqualLevels, GridQueries, LevelEncoder, PatternQueries, PlaneCode

TINY = VARIANTS["anchor_detr"].tiny.but(classes=5, queries=12, encoder_layers=2, decoder_layers=2)
WHOLE_MAP = TINY.but(position=PlaneCode, token_attention=PlaneTokens, cross_attention=PlaneCross)


def several(recipe: Recipe) -> Recipe:
    """Three levels; the backbone's maps of strides 8, 16 and 16 again stand for those of a dilated one."""
    return recipe.but(levels=3, encoder=LevelEncoder, neck=EqualLevels, backbone=part(BundledBackbone, strides=(8, 16, 32)))


def detector(recipe: Recipe) -> Detector:
    torch.manual_seed(0)
    return Detector(recipe).eval()


def batch_for(recipe: Recipe, sizes=((64, 96), (96, 64))) -> Batch:
    torch.manual_seed(1)
    targets = [Targets(torch.tensor([1, 3]), torch.rand(2, 4) * 0.3 + 0.3) for _ in sizes]
    batch = Batch.of([torch.randn(3, *size) for size in sizes], targets, multiple=32)
    if recipe.levels == 1:
        return batch
    channels = Detector(recipe).backbone.channels
    height, width = batch.images.shape[-2:]
    maps = [torch.randn(len(sizes), c, height // stride, width // stride) for c, stride in zip(channels, (8, 16, 16))]
    return batch.but(images=None, maps=tuple(maps))


OPTIONS = {"rows and columns": TINY, "whole map": WHOLE_MAP, "three levels": several(TINY), "whole map, three levels": several(WHOLE_MAP),
           "grid": TINY.but(query_init=GridQueries), "one pattern": TINY.but(query_init=part(PatternQueries, patterns=1))}


@pytest.mark.parametrize("recipe", OPTIONS.values(), ids=OPTIONS)
def test_a_picture_sees_only_itself(recipe: Recipe) -> None:
    model, batch = detector(recipe), batch_for(recipe, ((64, 96), (64, 96)))
    both = model(batch)
    for i in range(2):
        alone = batch.but(padding=batch.padding[i:i + 1], images=None if batch.images is None else batch.images[i:i + 1],
                          maps=None if batch.maps is None else tuple(m[i:i + 1] for m in batch.maps))
        torch.testing.assert_close(model(alone).boxes[0], both.boxes[i], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["rows and columns", "three levels", "one pattern"])
def test_every_parameter_learns(name: str) -> None:
    recipe = OPTIONS[name]
    model, batch = detector(recipe).train(), batch_for(recipe)
    with torch.no_grad():                                       # a box head that starts at zero passes nothing back
        model.decoder.box_heads[0][-1].weight.normal_(0, 0.1)
    Criterion(recipe)(model(batch), batch.targets).total.backward()
    silent = [n for n, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.abs().sum() > 0)]
    assert not silent


def test_rows_and_columns_on_the_tape_are_shares_of_the_picture() -> None:
    model, batch = detector(TINY), batch_for(TINY, ((64, 96), (96, 96)))
    plain = model(batch)
    with Tape(model) as tape:
        torch.testing.assert_close(model(batch).boxes, plain.boxes)
    (h, w), = plain.memory.shapes
    row, column = tape["decoder.layers.0.cross_attention.row"][0], tape["decoder.layers.0.cross_attention.column"][0]
    assert row.shape == (2, TINY.heads, 12, w) and column.shape == (2, TINY.heads, 12, h)
    torch.testing.assert_close(row.sum(-1), torch.ones(row.shape[:-1]))
    assert column[0, ..., h * 64 // 96:].abs().max() == 0       # the padded rows of the lower picture
    assert tape["encoder.layers.0.attention.row"][0].shape == (2, TINY.heads, h * w, w)


def test_each_level_has_its_own_row_and_column() -> None:
    recipe = several(TINY)
    model = detector(recipe)
    with Tape(model) as tape:
        width = model(batch_for(recipe, ((64, 96),))).memory.shapes[0][1]
    row = tape["decoder.layers.1.cross_attention.row"][0]
    assert row.shape == (1, TINY.heads, 12, 3 * width)
    torch.testing.assert_close(row.unflatten(-1, (3, width)).sum(-1), torch.ones(*row.shape[:-1], 3))


def test_padded_tokens_have_the_code_of_the_last_valid_place() -> None:
    model, batch = detector(TINY), batch_for(TINY, ((64, 96), (96, 96)))
    memory = model(batch).memory
    (h, w), = memory.shapes
    code = memory.position.unflatten(1, (h, w))[0]
    last = h * 64 // 96 - 1
    torch.testing.assert_close(code[last + 1:], code[last:last + 1].expand(h - last - 1, -1, -1))


@pytest.mark.parametrize("queries, points", [(12, 4), (11, 4), (13, 5), (1, 1)])
def test_any_number_of_queries_is_patterns_of_points(queries: int, points: int) -> None:
    model = detector(TINY.but(queries=queries))
    output = model(batch_for(TINY))
    assert output.boxes.shape[1] == queries and model.query_init.point.shape == (points, 2)


def test_grid_points_are_spread_evenly_and_do_not_learn() -> None:
    model = detector(OPTIONS["grid"])
    assert model.query_init.point.tolist() == [[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]]
    assert not any("point" in name for name, _ in model.query_init.named_parameters())
