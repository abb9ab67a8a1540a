"""Folding the frozen batch norms changes neither the maps nor the names of the tensors."""
import copy

import pytest
import timm
import torch
from timm.layers import freeze_batch_norm_2d

from detr_core import VARIANTS
from detr_core.backbones import Backbone, bundled_weights
from detr_core.folding import FoldedConvolution, fold

RECIPE = VARIANTS["detr"].recipe
BODIES = {"resnet50": {}, "resnet50-dilated": {"output_stride": 16}, "tf_efficientnet_lite0": {}}


def body_of(name: str) -> torch.nn.Module:
    """A network whose statistics are not those of a fresh one."""
    torch.manual_seed(0)
    body = freeze_batch_norm_2d(timm.create_model(name.split("-")[0], features_only=True, out_indices=(2, 3, 4), **BODIES[name])).eval()
    for path, value in body.named_buffers():
        value.uniform_(0.5, 1.5) if path.endswith(("weight", "running_var")) else value.normal_(std=0.1)
    return body


@pytest.mark.parametrize("name", BODIES)
def test_folded_equals_unfolded(name: str) -> None:
    plain, images = body_of(name), torch.randn(2, 3, 65, 96)
    folded = fold(copy.deepcopy(plain))
    assert folded.state_dict().keys() == plain.state_dict().keys() and any(isinstance(m, FoldedConvolution) for m in folded.modules())
    with torch.no_grad():
        for wanted, found in zip(plain(images), folded(images)):
            assert (wanted - found).abs().max() < 1e-5 * max(1.0, wanted.abs().max())


def test_every_norm_of_a_resnet_is_folded() -> None:
    assert sum(isinstance(m, FoldedConvolution) for m in Backbone(RECIPE).modules()) == 53


def test_gradients_of_kernels_are_those_without_folding() -> None:
    plain = body_of("resnet50")
    folded, images = fold(copy.deepcopy(plain)), torch.randn(1, 3, 64, 64)
    for body in (plain, folded):
        body(images)[-1].square().mean().backward()
    for wanted, found in zip(plain.parameters(), folded.parameters()):
        assert torch.allclose(wanted.grad, found.grad, atol=1e-5 * wanted.grad.abs().max().item(), rtol=1e-3)


def test_statistics_that_change_are_seen() -> None:
    """Loading weights after a pass, or into a copy, must not leave an old kernel behind."""
    backbone, images = Backbone(RECIPE).eval(), torch.randn(1, 3, 64, 64)
    twin = copy.deepcopy(backbone)
    with torch.no_grad():
        before = backbone(images)[0]
        twin.body.bn1.weight.mul_(2)
        assert not torch.equal(twin(images)[0], before) and torch.equal(backbone(images)[0], before)
        backbone.load_state_dict(twin.state_dict())
        assert torch.equal(backbone(images)[0], twin(images)[0])


def test_the_bundled_backbone_uses_all_its_weights() -> None:
    backbone = VARIANTS["deformable_detr"].tiny.backbone(RECIPE)
    for name, value in backbone.body.state_dict().items():
        assert torch.equal(value, bundled_weights()[name])
    assert not any(p.requires_grad for p in backbone.parameters())
