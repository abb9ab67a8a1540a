"""From the arguments of the authors' scripts to our recipes, a function a paper."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detr_core.backbones import Backbone
from detr_core.geometry import Iterative, LookForwardTwice, Still
from detr_core.heads import ZeroBoxHead
from detr_core.points import ConvolvedPoints, GridPoints
from detr_core.position import LearnedTokens, LevelTokens, SineTokens
from detr_core.recipe import Recipe, part
from detr_core.registry import VARIANTS
from detr_core.row_column import PlaneCross, PlaneTokens
from detr_core.training.inside import InsideObjective
from detr_core.variants.anchor import EqualLevels, GridQueries, LevelEncoder, PlaneCode
from detr_core.variants.dab import ContentAnchors
from detr_core.variants.deformable import ProposalQueries, ReferenceQueries
from detr_core.variants.dino import ContrastiveDenoising, MixedQueries
from detr_core.variants.h_deformable import HybridMatching
from detr_core.variants.sap import SalientCrossAttention, SideDirectedCross
from detr_core.variants.smca import MULTI_SCALE, GaussianCross, GaussianPosition
from detr_core.variants.sparse import EfficientQueries, SparseEncoder
from tests.parity_arguments import Arguments
from tests.parity_bodies import ACTIVATIONS, CODES, anchored, deformable, objective, one_level, sized


def contrastive(recipe: Recipe, args: Arguments) -> Recipe:
    """DINO: any feature maps, its temperature, proposals or learned anchors, contrastive denoising."""
    recipe = deformable(objective(recipe, args), args)
    noise = dict(number=args["dn_number"], label_noise=args["dn_label_noise_ratio"] / 2, box_noise=args["dn_box_noise_scale"])
    shared = [args["dec_pred_bbox_embed_share"], args["dec_pred_class_embed_share"]]        # one of the two alone: copies are loaded
    recipe = recipe.but(backbone=recipe.backbone.but(strides=tuple(4 * 2**index for index in args["return_interm_indices"])),
                        activation=ACTIVATIONS[args.one_of("transformer_activation", ACTIVATIONS, "relu")],
                        encoder=recipe.encoder.but(final_norm=bool(args["pre_norm"])),
                        refinement=Iterative if args["use_detached_boxes_dec_out"] else LookForwardTwice,
                        shared_heads=all(shared), schemes=(part(ContrastiveDenoising, **noise),) if args.get("use_dn", True) else ())
    if args["position_embedding"] in CODES[:2]:
        temperature = float(args["pe_temperatureW"]), float(args["pe_temperatureH"])
        recipe = recipe.but(token_code=part(LevelTokens, code=part(SineTokens, temperature=temperature)))
    args.without_meaning("pe_temperatureW", "pe_temperatureH")
    learned = bool(args["embed_init_tgt"])
    if args.one_of("two_stage_type", ("standard", "no"), "standard") == "no":
        return recipe.but(query_init=part(ContentAnchors, patterns=args["num_patterns"], fixed_centres=bool(args["random_refpoints_xy"])))
    return recipe.but(query_init=part(MixedQueries, learned=learned))


def hybrid(recipe: Recipe, args: Arguments) -> Recipe:
    """H-Deformable-DETR: both kinds of queries, its tricks, one or two stages."""
    further, repeated = args["num_queries_one2many"], dict(repeat=args["k_one2many"], weight=args["lambda_one2many"])
    recipe = deformable(objective(recipe, args), args).but(
        queries=args["num_queries_one2one"], extra_queries=further, schemes=(part(HybridMatching, **repeated),) if further else (),
        refinement=LookForwardTwice if args["look_forward_twice"] else Iterative)
    mixed = args["mixed_selection"]
    if args["two_stage"]:
        return recipe if mixed else recipe.but(query_init=ProposalQueries)
    recipe = recipe.but(query_init=ReferenceQueries, box_head=part(ZeroBoxHead, small=True))
    return recipe if args["with_box_refine"] else recipe.but(refinement=Still, shared_heads=True)


def anchors(recipe: Recipe, args: Arguments) -> Recipe:
    """Anchor DETR: points times patterns, learned or on a grid; row-column attention or the whole map; one or three levels."""
    patterns, points = args.get("num_query_pattern", 3), args.get("num_query_position", 300)
    if args.one_of("spatial_prior", ("learned", "grid"), "learned") == "grid":
        points = round(points ** 0.5) ** 2
        recipe = recipe.but(query_init=GridQueries)
    if args.one_of("attention_type", ("RCDA", "nn.MultiheadAttention"), "RCDA") != "RCDA":
        recipe = recipe.but(position=PlaneCode, token_attention=PlaneTokens, cross_attention=PlaneCross)
    recipe = objective(sized(recipe, args.but(num_queries=points * patterns)), args)
    recipe = recipe.but(query_init=recipe.query_init.but(patterns=patterns))
    strides = (32,)
    if recipe.levels > 1:
        recipe, strides = recipe.but(neck=EqualLevels, encoder=LevelEncoder), (8, 16, 32)
    return recipe.but(backbone=part(Backbone, name=args.get("backbone", "resnet50"), strides=strides, dilated=bool(args.get("dilation"))))


def modulated(recipe: Recipe, args: Arguments) -> Recipe:
    """SMCA: DETR's body and the kind of Gaussian; the multi-scale form is a program of its own with one kind."""
    kind = int(args.one_of("dynamic_scale", [f"type{number}" for number in range(1, 5)], "type1")[-1])
    if args.get("multi_scale"):
        recipe = objective(sized(MULTI_SCALE, args), args)
        code = LearnedTokens if args.one_of("position_embedding", CODES, "sine") in CODES[2:] else SineTokens
        backbone = recipe.backbone.but(name=args.get("backbone", "resnet50"), dilated=bool(args.get("dilation")))
        return recipe.but(levels=4, backbone=backbone, token_code=part(LevelTokens, code=part(code)),
                          cross_attention=recipe.cross_attention.but(smooth=args.get("smooth", 8)))
    recipe = one_level(recipe, args)
    return recipe.but(position=part(GaussianPosition, scales=kind - 1), cross_attention=part(GaussianCross, smooth=args.get("smooth", 8)))


def sparse(recipe: Recipe, args: Arguments) -> Recipe:
    """Sparse DETR: the kept share of tokens, heads at the encoder's layers, the proposals' class and content."""
    for name in ("two_stage", "with_box_refine"):
        args.one_of(name, (True,), True)
    recipe = deformable(objective(recipe, args), args)
    return recipe.but(encoder=part(SparseEncoder, ratio=args["rho"], heads=bool(args["use_enc_aux_loss"])),
                      query_init=part(EfficientQueries, by_class=bool(args["eff_specific_head"]), copies=bool(args["eff_query_init"])))


def salient(recipe: Recipe, args: Arguments) -> Recipe:
    """SAP-DETR: DAB's body; convolved content, the Gaussian and own box heads where the arguments ask for them."""
    for name, value in (("set_cost_class", 2), ("set_cost_bbox", 5), ("set_cost_giou", 2), ("cls_loss_coef", 1), ("bbox_loss_coef", 5),
                        ("giou_loss_coef", 2)):
        args.one_of(name, (value,), value)
    made = part(InsideObjective, outside=args.get("set_cost_inner", 9999), alpha=args.get("focal_alpha", 0.25))
    return anchored(recipe.but(objective=VARIANTS["dab_detr"].recipe.objective), args).but(
        objective=made, query_init=ConvolvedPoints if args.get("newconvinit") else GridPoints,
        cross_attention=SideDirectedCross if args.get("sdg") else SalientCrossAttention,
        shared_heads=not args.get("bbox_embed_diff_each_layer"))


BODIES = {
    "sap_detr": salient,
    "smca": modulated,
    "anchor_detr": anchors,
    "dab_detr": anchored,
    "dab_deformable_detr": anchored,
    "dn_deformable_detr": anchored,
    "detr": one_level,
    "conditional_detr": one_level,
    "deformable_detr": deformable,
    "deformable_detr_refine": deformable,
    "deformable_detr_two_stage": deformable,
    "h_deformable_detr": hybrid,
    "sparse_detr": sparse,
    "dino": contrastive,
    "dn_detr": anchored,
}


def recipe_of(variant: str, args: Mapping[str, Any]) -> Recipe:
    """Our recipe for a recorded case; ValueError where an argument asks for something that has no recipe."""
    if variant not in BODIES:
        raise ValueError(f"There are no recipes for cases of {variant!r}: choose from {', '.join(BODIES)}.")
    read = Arguments(args)
    read.one_of("aux_loss", (True, False), True)
    recipe = BODIES[variant](VARIANTS[variant].recipe, read)
    read.done()
    return recipe
