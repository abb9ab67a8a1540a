"""A whole detector goes through `torch.compile` and `torch.export` in one piece, and says the same there."""
import pytest
import torch
from torch import Tensor, nn

from detr_core import Batch, Detector, build


class Plain(nn.Module):
    """Tensors in, tensors out, as programs that serve a detector want it."""

    def __init__(self, detector: Detector, padded: bool):
        super().__init__()
        self.detector, self.padded = detector, padded

    def forward(self, images: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        output = self.detector(Batch(images, padding, padded=self.padded))
        return output.logits, output.boxes


def problem(id: str, padded: bool) -> tuple[Plain, tuple[Tensor, Tensor]]:
    torch.manual_seed(0)
    detector = build(id, "tiny", classes=5, encoder_layers=1, decoder_layers=2, queries=12).eval()
    padding = torch.zeros(2, 96, 128, dtype=torch.bool)
    padding[1, :, 64:] = padded
    images = torch.randn(2, 3, 96, 128) * ~padding[:, None]
    return Plain(detector, padded), (images, padding)


@torch.no_grad()
@pytest.mark.parametrize(("id", "padded"), [("dino", True), ("sparse_detr", True), ("sap_detr", True)])
def test_compiles_without_a_break_and_says_the_same(id: str, padded: bool) -> None:
    model, inputs = problem(id, padded)
    torch._dynamo.reset()
    compiled = torch.compile(model, fullgraph=True, backend="eager")            # what breaks a graph breaks it for every backend
    torch.testing.assert_close(compiled(*inputs), model(*inputs))


@torch.no_grad()
@pytest.mark.parametrize("id", ["deformable_detr_two_stage", "sparse_detr"])
def test_exports_and_says_the_same(id: str) -> None:
    model, inputs = problem(id, padded=True)
    program = torch.export.export(model, inputs)
    torch.testing.assert_close(program.module()(*inputs), model(*inputs))
    assert any("detr_atlas.deformable_attention" in str(node.target) for node in program.graph.nodes)
