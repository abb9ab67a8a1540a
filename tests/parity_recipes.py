"""From the arguments of the authors' scripts to our recipes."""
from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from torch import nn

from detr_core.backbones import Backbone
from detr_core.decoder import PreNormDecoderLayer
from detr_core.encoder import Encoder, PreNormEncoderLayer
from detr_core.geometry import Iterative, LookForwardTwice, Still
from detr_core.heads import ZeroBoxHead
from detr_core.points import ConvolvedPoints, GridPoints
from detr_core.position import LearnedTokens, LevelTokens, SineTokens
from detr_core.recipe import Recipe, part
from detr_core.registry import VARIANTS
from detr_core.row_column import PlaneCross, PlaneTokens
from detr_core.training.inside import InsideObjective
from detr_core.training.objective import SoftmaxObjective
from detr_core.variants.anchor import EqualLevels, GridQueries, LevelEncoder, PlaneCode
from detr_core.variants.dab import ContentAnchors
from detr_core.variants.deformable import ProposalQueries, ReferenceQueries
from detr_core.variants.dino import ContrastiveDenoising, MixedQueries
from detr_core.variants.dn import Denoising
from detr_core.variants.h_deformable import HybridMatching
from detr_core.variants.sap import SalientCrossAttention, SideDirectedCross
from detr_core.variants.smca import MULTI_SCALE, GaussianCross, GaussianPosition
from detr_core.variants.sparse import EfficientQueries, SparseEncoder
from tests.parity_arguments import Arguments

SIZES = {"hidden_dim": "width", "nheads": "heads", "dim_feedforward": "hidden", "num_queries": "queries", "num_classes": "classes",
         "enc_layers": "encoder_layers", "dec_layers": "decoder_layers", "num_feature_levels": "levels", "dropout": "dropout"}
CODES = ("sine", "v2", "learned", "v3")
ACTIVATIONS = {"relu": nn.ReLU, "prelu": nn.PReLU, "gelu": nn.GELU, "selu": nn.SELU}


def sized(recipe: Recipe, args: Arguments) -> Recipe:
    """The recipe with every size that the arguments name."""
    return recipe.but(**{ours: args[theirs] for theirs, ours in SIZES.items() if args.get(theirs) is not None})


def one_level(recipe: Recipe, args: Arguments) -> Recipe:
    """DETR's body: one level, sizes, dilated C5, learned positions, pre-norm. Its number of levels is always one."""
    args.without_meaning("num_feature_levels", "enc_n_points", "dec_n_points")
    recipe = sized(recipe, args.but(num_feature_levels=None))
    recipe = recipe.but(backbone=part(Backbone, name=args.get("backbone", "resnet50"), dilated=bool(args.get("dilation"))))
    if args.one_of("position_embedding", CODES, "sine") in CODES[2:]:
        recipe = recipe.but(token_code=LearnedTokens)
    if args.get("pre_norm"):
        recipe = recipe.but(encoder=part(Encoder, final_norm=True), encoder_layer=PreNormEncoderLayer, decoder_layer=PreNormDecoderLayer)
    return objective(recipe, args)


def deformable(recipe: Recipe, args: Arguments) -> Recipe:
    """Deformable DETR's body: one or several levels, refinement and two-stage selection by name, points an attention."""
    two_stage, refined = args.get("two_stage"), args.get("with_box_refine")
    if recipe.name.startswith("deformable"):
        recipe = VARIANTS["deformable_detr" + ("_two_stage" if two_stage else "_refine" if refined else "")].recipe
    recipe = sized(recipe, args)
    strides = (8, 16, 32) if recipe.levels > 1 else (32,)
    recipe = recipe.but(backbone=part(Backbone, name=args.get("backbone", "resnet50"), strides=strides, dilated=bool(args.get("dilation"))),
                        token_attention=recipe.token_attention.but(points=args.get("enc_n_points", 4)),
                        cross_attention=recipe.cross_attention.but(points=args.get("dec_n_points", 4)))
    if args.one_of("position_embedding", CODES, "sine") in CODES[2:]:
        recipe = recipe.but(token_code=part(LevelTokens, code=part(LearnedTokens)))
    return objective(recipe, args)


def objective(recipe: Recipe, args: Arguments) -> Recipe:
    """Weights of the matching costs and of the losses where the arguments name them."""
    made, options, given = recipe.objective, {}, signature(recipe.objective.make).parameters
    for option, theirs in (("weights", ("cls_loss_coef", "bbox_loss_coef", "giou_loss_coef")),
                           ("costs", ("set_cost_class", "set_cost_bbox", "set_cost_giou"))):
        usual = dict(made.options).get(option, given[option].default)
        options[option] = tuple(args.get(name, value) for name, value in zip(theirs, usual))
    softmax = made.is_a(SoftmaxObjective)
    named = {"no_object": "eos_coef"} if softmax else {"alpha": "focal_alpha"}
    args.without_meaning("focal_alpha" if softmax else "eos_coef")
    if not softmax and "deformable" not in args.get("modelname", "deformable"):
        named["cost_alpha"] = "focal_alpha"         # the cost of DAB's single-level children and of DINO follows the loss
    return recipe.but(objective=made.but(**options, **{ours: args[theirs] for ours, theirs in named.items() if theirs in args}))


def anchored(recipe: Recipe, args: Arguments) -> Recipe:
    """DAB-DETR's two bodies: one level with its own temperature and activation, or deformable, where `modelname` says so."""
    if "deformable" in args.get("modelname", ""):
        args.without_meaning("pe_temperatureW", "pe_temperatureH", "transformer_activation")
        recipe = deformable(VARIANTS[f"{recipe.name.split('_')[0]}_deformable_detr"].recipe, args)
        recipe = recipe.but(refinement=LookForwardTwice) if args.get("use_lft") else recipe
    else:
        recipe = one_level(recipe, args.but(pre_norm=False)).but(
            activation=ACTIVATIONS[args.one_of("transformer_activation", ACTIVATIONS, "prelu")])
        if recipe.token_code.make is SineTokens:
            temperature = float(args.get("pe_temperatureW", 20)), float(args.get("pe_temperatureH", 20))
            recipe = recipe.but(token_code=part(SineTokens, temperature=temperature))
        recipe = recipe.but(encoder=recipe.encoder.but(final_norm=bool(args.get("pre_norm"))))
    if args.get("use_dn"):
        noise = dict(groups=args["scalar"], label_noise=args["label_noise_scale"], box_noise=args["box_noise_scale"])
        recipe = recipe.but(schemes=(part(Denoising, **noise),))
    args.without_meaning("scalar", "label_noise_scale", "box_noise_scale")
    if args.get("two_stage"):
        return recipe.but(query_init=ProposalQueries)
    options = dict(patterns=args.get("num_patterns", 0), fixed_centres=bool(args.get("random_refpoints_xy")))
    return recipe.but(query_init=recipe.query_init.but(**options))


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
