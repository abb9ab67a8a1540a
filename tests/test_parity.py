"""Every detector equals the authors' code on the recorded cases (thinned copies of them lie in tests/cases)."""
from pathlib import Path

import pytest
import torch

from detr_core import Detector
from tests.parity import main
from tests.parity_cases import load_case, recipe_for
from tests.parity_compare import run

CASES = sorted(p.with_suffix("") for p in (Path(__file__).parent / "cases").glob("*/*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_equals_the_authors_code(case: Path) -> None:
    report = run(case)
    assert report.passed, str(report)


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_learns_as_many_numbers_as_the_authors_detector(case: Path) -> None:
    """Their freezing counts too: the stem and first stage of the backbone and all batch norms never learn."""
    recorded, _ = load_case(case)
    if "n_parameters" not in recorded:
        pytest.skip("their detector holds numbers that it never uses: a row of label contents, a code for other attention")
    with torch.device("meta"):
        detector = Detector(recipe_for(recorded))
    assert sum(p.numel() for p in detector.parameters() if p.requires_grad) == recorded["n_parameters"]


@pytest.mark.parametrize(("variant", "argument", "value"), [
    ("detr", "masks", True), ("detr", "position_embedding", "rotary"), ("conditional_detr", "invented", 3),
    ("anchor_detr", "attention_type", "RFDA"), ("dab_detr", "bbox_embed_diff_each_layer", True), ("dn_detr", "contrastive", True),
    ("dino", "unic_layers", 2), ("dino", "decoder_sa_type", "ca_label"), ("dino", "two_stage_type", "early"),
    ("h_deformable_detr", "position_embedding", "none"),
    ("sap_detr", "rm_self_attn_decoder", True), ("sap_detr", "meshgrid_refpoints_xy", False), ("smca", "dynamic_scale", "type5"),
    ("sparse_detr", "two_stage", False)])
def test_an_argument_that_no_recipe_is_known_for_is_refused(variant: str, argument: str, value: object) -> None:
    """Left out, it would give another detector whose differences say nothing."""
    case, _ = load_case(Path(__file__).parent / "cases" / variant / "single")
    with pytest.raises(ValueError, match=argument):
        recipe_for({**case, "args": {**case["args"], argument: value}})


@pytest.mark.parametrize(("variant", "arguments", "slot", "part"), [
    ("detr", {"position_embedding": "v3", "pre_norm": True, "dilation": True}, "token_code", "LearnedTokens"),
    ("detr", {"hidden_dim": 128, "nheads": 4, "num_queries": 7, "dec_layers": 1}, "queries", "7"),
    ("deformable_detr", {"two_stage": True, "with_box_refine": True, "dilation": True, "position_embedding": "learned"}, "query_init",
     "ProposalQueries"),
    ("deformable_detr", {"num_feature_levels": 1, "aux_loss": False}, "levels", "1"),
    ("deformable_detr", {"cls_loss_coef": 3, "set_cost_giou": 1}, "objective",
     "FocalObjective(alpha=0.25, costs=(2, 5, 1), weights=(3, 5, 2))"),
    ("dab_detr", {"num_patterns": 3, "random_refpoints_xy": True}, "query_init", "AnchorQueries(fixed_centres=True, patterns=3)"),
    ("dn_detr", {"scalar": 2}, "schemes", "(Denoising(box_noise=0.4, groups=2, label_noise=0.2),)"),
    ("dino", {"use_dn": False}, "schemes", "()"),
    ("dino", {"two_stage_type": "no", "num_patterns": 2}, "query_init", "ContentAnchors(fixed_centres=False, patterns=2)"),
    ("h_deformable_detr", {"num_queries_one2many": 0}, "schemes", "()"),
    ("h_deformable_detr", {"two_stage": False, "mixed_selection": False, "with_box_refine": False}, "refinement", "Still"),
    ("anchor_detr", {"num_query_pattern": 1, "spatial_prior": "grid"}, "queries", "289"),
    ("sap_detr", {"sdg": False, "num_queries": 400, "bbox_embed_diff_each_layer": False}, "cross_attention", "SalientCrossAttention"),
    ("sparse_detr", {"rho": 0.4}, "encoder", "SparseEncoder(heads=True, ratio=0.4)")])
def test_options_that_nobody_recorded_have_recipes_that_can_be_built(variant: str, arguments: dict, slot: str, part: str) -> None:
    case, _ = load_case(Path(__file__).parent / "cases" / variant / "single")
    recipe = recipe_for({**case, "args": {**case["args"], **arguments}})
    assert repr(getattr(recipe, slot)) == part
    with torch.device("meta"):
        Detector(recipe)


def test_a_case_that_cannot_be_run_does_not_hide_the_others(tmp_path, monkeypatch, capsys) -> None:
    known = str(CASES[0].parent.parent / "conditional_detr" / "learned_dc5_padded")
    monkeypatch.setattr("sys.argv", ["parity.py", str(tmp_path / "nothing"), known])
    assert main() == 1
    first, second = capsys.readouterr().out.splitlines()
    assert "nothing: FAIL" in first and f"{known}: ok" in second
