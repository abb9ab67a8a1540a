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


CHANGES = {
    "a step": lambda body: torch.optim.SGD([body.conv1.weight], lr=1.0).step(),
    "an average's step": lambda body: torch._foreach_lerp_([body.conv1.weight], [torch.ones(64, 3, 7, 7)], 0.5),
    "other data": lambda body: setattr(body.conv1.weight, "data", torch.randn(64, 3, 7, 7)),
    "a statistic": lambda body: body.bn1.running_var.mul_(3),
    "another precision": lambda body: body.double().float().bfloat16().float(),
    "other numbers in the same memory": lambda body: body.conv1.weight.detach().copy_(torch.zeros(64, 3, 7, 7)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_kept_kernel_is_never_out_of_date(change: str) -> None:
    folded, images = fold(body_of("resnet50")), torch.randn(1, 3, 64, 64)
    convolution = folded.conv1
    with torch.inference_mode():
        folded(images)
    assert convolution.kept("cpu")[0] is convolution.kept("cpu")[0]
    convolution.weight.grad = torch.ones_like(convolution.weight)
    with torch.no_grad():
        CHANGES[change](folded)
        found, (kernel, bias) = convolution(images), convolution.scaled()
        torch.testing.assert_close(found, torch.nn.functional.conv2d(images, kernel, bias, 2, 3), rtol=0, atol=0)


def test_training_in_between_leaves_no_kernel_behind() -> None:
    """Fused optimizers change weights without PyTorch counting it: changing the mode makes kernels anew."""
    folded, images = fold(body_of("resnet50")), torch.randn(1, 3, 64, 64)
    weight = folded.conv1.weight
    optimizer = torch.optim.AdamW([weight], lr=1.0, fused=True)
    for _ in range(2):
        folded.train()
        weight.grad = torch.ones_like(weight)
        optimizer.step()
        folded.eval()
        with torch.no_grad():
            folded(images)
            torch.testing.assert_close(folded.conv1.kept("cpu")[0], folded.conv1.scaled()[0], rtol=0, atol=0)


def test_a_kept_kernel_has_autocasts_precision_and_can_be_on_a_tape() -> None:
    folded, images = fold(body_of("resnet50")), torch.randn(1, 3, 64, 64, requires_grad=True)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        folded(images)
        assert folded.conv1.kept("cpu")[0].dtype == torch.bfloat16
    folded.requires_grad_(False)
    folded(images)[-1].sum().backward()                         # what a map says of the picture: kernels made above must not be in the way
    assert folded.conv1.kept("cpu")[0].dtype == torch.float32 and images.grad.abs().sum() > 0
