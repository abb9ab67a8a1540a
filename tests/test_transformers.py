"""Weights made for Hugging Face's transformers give the same predictions here, whichever of its versions wrote them."""
import re

import pytest
import torch

from detr_core import VARIANTS, Batch, CheckpointError, build
from detr_core.checkpoint import load_state
from detr_core.hub import sizes_of

transformers = pytest.importorskip("transformers")

SMALL = dict(d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=96,
             decoder_ffn_dim=96, num_queries=12, id2label={i: f"thing {i}" for i in range(7)})
RESNET = dict(backbone_config={"model_type": "resnet", "out_features": ["stage4"]})
KINDS = {"detr": "Detr", "deformable": "DeformableDetr", "conditional": "ConditionalDetr", "dab": "DabDetr"}
CASES = {
    "detr": ("detr", {}),
    "detr-dilated": ("detr", dict(dilation=True)),
    "detr-own-resnet": ("detr", RESNET),
    "deformable": ("deformable_detr", {}),
    "deformable-one-level": ("deformable_detr", dict(num_feature_levels=1)),
    "deformable-points": ("deformable_detr", dict(encoder_n_points=2, decoder_n_points=3)),
    "refine": ("deformable_detr_refine", dict(with_box_refine=True)),
    "conditional": ("conditional_detr", {}),
    "conditional-dilated": ("conditional_detr", dict(dilation=True)),
    "dab": ("dab_detr", dict(hidden_size=64)),
    "dab-patterns": ("dab_detr", dict(hidden_size=64, num_patterns=3)),
    "dab-dilated": ("dab_detr", dict(hidden_size=64, dilation=True, temperature_height=10)),
    "two-stage": ("deformable_detr_two_stage", dict(with_box_refine=True, two_stage=True, two_stage_num_proposals=12)),
}


def theirs_of(id: str, options: dict) -> torch.nn.Module:
    """Their model with random weights large enough that every part shows in the output."""
    kind = next(kind for start, kind in KINDS.items() if id.startswith(start))
    config = getattr(transformers, f"{kind}Config")(**SMALL, **options)
    torch.manual_seed(0)
    model = getattr(transformers, f"{kind}ForObjectDetection")(config).eval()
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            if "backbone" not in name and value.ndim > 1:
                sharp = 3.0 if "q_proj" in name or "k_proj" in name else 1.0         # flat attention would make all queries alike
                value.normal_(std=1.0 if "position_embeddings" in name else sharp * value[0].numel() ** -0.5)
            elif "backbone" not in name:
                value.add_(0.1 * torch.randn_like(value))
            elif name.endswith("running_var"):
                value.uniform_(0.9, 1.1)
    return model


def ours_of(id: str, model: torch.nn.Module) -> torch.nn.Module:
    return build(id, **sizes_of(model.config.to_dict(), VARIANTS[id].recipe)).eval()


def older_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The names that published files have: those from before transformers 5."""
    renamed = {}
    for name, value in state.items():
        name = name.replace("model.backbone.model.", "model.backbone.conv_encoder.model.").replace(".o_proj.", ".out_proj.")
        renamed[re.sub(r"\.mlp\.(fc\d)\.", r".\1.", name)] = value
    return {**renamed, "model.backbone.conv_encoder.model.bn1.num_batches_tracked": torch.tensor(0)}


def difference(theirs: torch.nn.Module, ours: torch.nn.Module) -> tuple[float, float]:
    torch.manual_seed(1)
    batch = Batch.of([torch.randn(3, 120, 150), torch.randn(3, 90, 160)])
    with torch.no_grad():
        wanted = theirs(pixel_values=batch.images, pixel_mask=(~batch.padding).long())
        found = ours(batch)
    assert wanted.logits.std() > 0.05 and wanted.pred_boxes.std(1).max() > 3e-3, "the random weights make a comparison worth nothing"
    return (wanted.logits - found.logits).abs().max().item(), (wanted.pred_boxes - found.boxes).abs().max().item()


@pytest.mark.parametrize("case", CASES)
def test_predictions_are_equal(case: str) -> None:
    id, options = CASES[case]
    theirs = theirs_of(id, options)
    ours = ours_of(id, theirs)
    assert load_state(ours, theirs.state_dict()) == []
    assert ours.names == tuple(SMALL["id2label"].values())
    assert max(difference(theirs, ours)) < 1e-4


@pytest.mark.parametrize("case", ["detr", "detr-own-resnet", "two-stage"])
def test_published_names_load_into_the_same_tensors(case: str) -> None:
    id, options = CASES[case]
    theirs = theirs_of(id, options)
    new, old = ours_of(id, theirs), ours_of(id, theirs)
    load_state(new, theirs.state_dict())
    load_state(old, older_names(theirs.state_dict()))
    assert all(torch.equal(a, b) for a, b in zip(new.state_dict().values(), old.state_dict().values()))


@pytest.mark.parametrize(("id", "config", "says"), [
    ("detr", {"model_type": "deformable_detr"}, "load that variant"),
    ("deformable_detr", {"model_type": "deformable_detr", "with_box_refine": True}, "'deformable_detr_refine'"),
    ("deformable_detr_refine", {"model_type": "deformable_detr", "with_box_refine": True, "two_stage": True}, "two_stage"),
    ("detr", {"model_type": "bert"}, "'bert'"),
    ("detr", {}, "no known model"),
    ("detr", {"model_type": "detr", "position_embedding_type": "learned"}, "position_embedding_type is 'learned'"),
    ("detr", {"model_type": "detr", "activation_function": "gelu"}, "activation_function"),
    ("detr", {"model_type": "detr", "encoder_ffn_dim": 1, "decoder_ffn_dim": 2}, "ffn_dim"),
    ("detr", {"model_type": "detr", "backbone": "../evil"}, "backbone is '../evil'"),
    ("detr", {"model_type": "detr", "backbone_config": {"model_type": "resnet", "depths": [2, 2, 2, 2]}}, "other depths"),
])
def test_a_configuration_that_does_not_fit_is_refused_by_field(id: str, config: dict, says: str) -> None:
    with pytest.raises(CheckpointError, match=re.escape(says)):
        sizes_of(config, VARIANTS[id].recipe)


def test_the_published_resnet_101_dc5_configuration() -> None:
    changes = sizes_of({"model_type": "detr", "backbone": "resnet101", "dilation": True, "d_model": 256}, VARIANTS["detr"].recipe)
    assert dict(changes["backbone"].options) == {"name": "resnet101", "dilated": True}
