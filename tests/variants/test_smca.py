"""SMCA: the Gaussian of every query and head, its four kinds, and the spare class output."""
import pytest
import torch

from detr_core import VARIANTS, Batch, Detector, Recipe, Tape, Targets, part
from detr_core.backbones import BundledBackbone
from detr_core.training.criterion import Criterion
from detr_core.variants.smca import MULTI_SCALE, GaussianPosition

TINY = VARIANTS["smca"].tiny.but(classes=5, queries=10, encoder_layers=1, decoder_layers=2)
KINDS = [TINY.but(position=part(GaussianPosition, scales=scales, stride=16)) for scales in range(4)]
LEVELS = MULTI_SCALE.but(backbone=part(BundledBackbone, strides=(8, 16, 32)), width=32, heads=2, hidden=32, dropout=0.0, classes=5,
                         queries=10, encoder_layers=1, decoder_layers=2)


def detector(recipe: Recipe) -> Detector:
    torch.manual_seed(0)
    return Detector(recipe).eval()


def batch(sizes=((64, 96), (96, 96))) -> Batch:
    torch.manual_seed(1)
    targets = [Targets(torch.tensor([1, 3]), torch.rand(2, 4) * 0.3 + 0.3) for _ in sizes]
    return Batch.of([torch.randn(3, *size) for size in sizes], targets, multiple=32)


@pytest.mark.parametrize("recipe", KINDS, ids=["fixed", "round", "x and y", "with product"])
def test_the_bias_is_the_gaussian_of_section_3_2(recipe: Recipe) -> None:
    model = detector(recipe)
    with torch.no_grad():
        for scale in model.position.scales:
            scale.weight.normal_(0, 0.5)
    memory = model(batch()).memory
    coded = model.position(model.query_init(memory), 0, memory)
    bias = model.decoder.layers[0].cross_attention.bias(coded, memory)
    (h, w), = memory.shapes
    centre, scale = coded.spatial[..., :2], coded.spatial[..., 2:]
    for b, q, m, y, x in ((0, 0, 0, 0, 0), (1, 3, 2, h - 1, w - 1), (1, 9, 1, 2, 1)):
        dx, dy = ((centre[b, q, m] - torch.tensor([x, y])) ** 2).tolist()
        s = scale[b, q, m].tolist()
        sx, sy, both = {0: (1, 1, 0), 1: (s * 2)[:2] + [0], 2: s + [0], 3: s}[len(s)]
        assert bias[b, m, q, y * w + x].item() == pytest.approx(-(sx * dx + sy * dy + both * dx * dy) / 8, rel=1e-4, abs=1e-5)


def test_the_centre_is_a_share_of_the_picture_not_of_the_padded_batch() -> None:
    model, pictures = detector(TINY), batch()
    with Tape(model) as tape:
        both = model(pictures)
    anchor, centre = tape["decoder.anchor"], tape["decoder.layers.0.cross_attention.centre"][0]
    torch.testing.assert_close(anchor[0], anchor[1])                                  # one centre serves all layers
    torch.testing.assert_close(anchor[0][0], anchor[0][1])                            # and no picture moves it
    (h, _), = both.memory.shapes
    offset = model.position.offsets[0](model.position.norms[0](model.query_init.position)).unflatten(-1, (TINY.heads, 2))
    for b, height in enumerate((64, 96)):
        cells = anchor[0][b, :, None, 1] * height / 16 + offset[..., 1]
        torch.testing.assert_close(centre[b, ..., 1], (cells + 0.5) / h)


def test_the_first_guess_places_every_layers_box() -> None:
    model = detector(TINY)
    with torch.no_grad():
        model.decoder.box_heads[0][-1].weight.zero_()
        model.decoder.box_heads[0][-1].bias.zero_()
    with Tape(model) as tape:
        output = model(batch())
    for layer in output.layers:
        torch.testing.assert_close(layer.boxes[..., :2], tape["decoder.anchor"][0])


@pytest.mark.parametrize("recipe", [TINY, LEVELS], ids=["one level", "multi-scale"])
def test_padded_tokens_change_nothing(recipe: Recipe) -> None:
    model, pictures = detector(recipe), batch()
    memory = model(pictures).memory
    noisy = memory.but(tokens=torch.where(memory.padding[..., None], torch.randn_like(memory.tokens), memory.tokens))
    first, second = (model.decoder(model.query_init(m), m, model.position)[-1] for m in (memory, noisy))
    torch.testing.assert_close(first.boxes, second.boxes)
    torch.testing.assert_close(first.logits, second.logits)


def test_looking_changes_nothing_and_weights_sum_to_one() -> None:
    model, pictures = detector(TINY), batch()
    plain = model(pictures)
    with Tape(model) as tape:
        torch.testing.assert_close(model(pictures).logits, plain.logits, atol=1e-5, rtol=1e-4)
    weights = tape["decoder.layers.1.cross_attention.weights"][0]
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
    assert tape["decoder.layers.1.cross_attention.scale"][0].isfinite().all()


def test_a_query_shares_its_attention_among_the_levels() -> None:
    model, pictures = detector(LEVELS), batch()
    with Tape(model) as tape:
        memory = model(pictures).memory
    weights = tape["decoder.layers.0.cross_attention.weights"][0]
    shares = torch.stack([level.sum(-1) for level in weights.split([h * w for h, w in memory.shapes], -1)], -1)
    first = model.query_init(memory)
    wanted = model.position.shares[0](model.position.norms[0](first.content + first.position)).softmax(-1)
    torch.testing.assert_close(shares, wanted[:, None].expand_as(shares))
    assert memory.shapes[0] == memory.shapes[1] and weights.shape[-1] == memory.tokens.shape[1]


@pytest.mark.parametrize("recipe", [*KINDS, LEVELS], ids=["fixed", "round", "x and y", "with product", "multi-scale"])
def test_every_parameter_learns(recipe: Recipe) -> None:
    model, pictures = detector(recipe).train(), batch()
    Criterion(recipe)(model(pictures), pictures.targets).total.backward()
    silent = [n for n, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.abs().sum() > 0)]
    assert not [n for n in silent if not n.startswith("decoder.layers.0.self_")]       # where the content is still empty


def test_the_spare_output_is_no_class() -> None:
    model = detector(TINY)
    output = model(batch())
    assert output.logits.shape[-1] == 6 and model.postprocess.scores(output.logits).shape[-1] == 5
    assert model.postprocess(output, [(64, 96), (96, 96)])[0].labels.max() < 5
