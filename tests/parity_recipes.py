"""From the arguments of the authors' scripts to our recipes."""
from __future__ import annotations

from typing import Any

from torch import nn

from detr_core.backbones import Backbone
from detr_core.decoder import PreNormDecoderLayer
from detr_core.encoder import Encoder, PreNormEncoderLayer
from detr_core.geometry import Iterative, LookForwardTwice
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

SIZES = {"hidden_dim": "width", "nheads": "heads", "dim_feedforward": "hidden", "num_queries": "queries", "num_classes": "classes",
         "enc_layers": "encoder_layers", "dec_layers": "decoder_layers", "num_feature_levels": "levels", "dropout": "dropout"}
ACTIVATIONS = {"relu": nn.ReLU, "prelu": nn.PReLU, "gelu": nn.GELU, "selu": nn.SELU}


def sized(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """The recipe with every size that the arguments name."""
    return recipe.but(**{ours: args[theirs] for theirs, ours in SIZES.items() if args.get(theirs) is not None})


def one_level(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """DETR's body: one level, sizes, dilated C5, learned positions, pre-norm. Its number of levels is always one."""
    recipe = sized(recipe, {**args, "num_feature_levels": None})
    recipe = recipe.but(backbone=part(Backbone, name=args.get("backbone", "resnet50"), dilated=bool(args.get("dilation"))))
    if args.get("position_embedding") in ("learned", "v3"):
        recipe = recipe.but(token_code=LearnedTokens)
    if args.get("pre_norm"):
        recipe = recipe.but(encoder=part(Encoder, final_norm=True), encoder_layer=PreNormEncoderLayer, decoder_layer=PreNormDecoderLayer)
    return objective(recipe, args)


def deformable(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """Deformable DETR's body: one or several levels, refinement and two-stage selection by name, points an attention."""
    if args.get("two_stage"):
        recipe = VARIANTS["deformable_detr_two_stage"].recipe if recipe.name.startswith("deformable") else recipe
    elif args.get("with_box_refine"):
        recipe = VARIANTS["deformable_detr_refine"].recipe if recipe.name.startswith("deformable") else recipe
    recipe = sized(recipe, args)
    strides = (8, 16, 32) if recipe.levels > 1 else (32,)
    recipe = recipe.but(backbone=part(Backbone, name=args.get("backbone", "resnet50"), strides=strides, dilated=bool(args.get("dilation"))),
                        token_attention=recipe.token_attention.but(points=args.get("enc_n_points", 4)),
                        cross_attention=recipe.cross_attention.but(points=args.get("dec_n_points", 4)))
    if args.get("position_embedding") in ("learned", "v3"):
        recipe = recipe.but(token_code=part(LevelTokens, code=part(LearnedTokens)))
    return objective(recipe, args)


def objective(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """Weights of the matching costs and of the losses where the arguments name them."""
    made, options = recipe.objective, {}
    if "bbox_loss_coef" in args:
        options["weights"] = args.get("cls_loss_coef", 1), args["bbox_loss_coef"], args["giou_loss_coef"]
    if "set_cost_class" in args:
        options["costs"] = tuple(args[f"set_cost_{term}"] for term in ("class", "bbox", "giou"))
    named = {"no_object": "eos_coef"} if made.is_a(SoftmaxObjective) else {"alpha": "focal_alpha"}
    if "alpha" in named and "deformable" not in args.get("modelname", "deformable"):
        named["cost_alpha"] = "focal_alpha"         # the cost of DAB's single-level children and of DINO follows the loss
    return recipe.but(objective=made.but(**options, **{ours: args[theirs] for ours, theirs in named.items() if theirs in args}))


def anchored(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """DAB-DETR's two bodies: one level with its own temperature and activation, or deformable, where `modelname` says so."""
    if "deformable" in args.get("modelname", ""):
        recipe = deformable(VARIANTS[f"{recipe.name.split('_')[0]}_deformable_detr"].recipe, args)
    else:
        recipe = one_level(recipe, {**args, "pre_norm": False}).but(activation=ACTIVATIONS[args.get("transformer_activation", "prelu")])
        if recipe.token_code.make is SineTokens:
            temperature = float(args.get("pe_temperatureW", 20)), float(args.get("pe_temperatureH", 20))
            recipe = recipe.but(token_code=part(SineTokens, temperature=temperature))
        recipe = recipe.but(encoder=recipe.encoder.but(final_norm=bool(args.get("pre_norm"))))
    if args.get("two_stage"):
        return recipe.but(query_init=ProposalQueries)
    if args.get("use_dn"):
        noise = dict(groups=args["scalar"], label_noise=args["label_noise_scale"], box_noise=args["box_noise_scale"])
        recipe = recipe.but(schemes=(part(Denoising, **noise),))
    options = dict(patterns=args.get("num_patterns", 0), fixed_centres=bool(args.get("random_refpoints_xy")))
    return recipe.but(query_init=recipe.query_init.but(**options))


def contrastive(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """DINO: any feature maps, its temperature, proposals or learned anchors, contrastive denoising."""
    recipe = deformable(objective(recipe, args), args)
    recipe = recipe.but(backbone=recipe.backbone.but(strides=tuple(4 * 2**index for index in args["return_interm_indices"])),
                        activation=ACTIVATIONS[args["transformer_activation"]],
                        encoder=recipe.encoder.but(final_norm=bool(args["pre_norm"])),
                        refinement=Iterative if args["use_detached_boxes_dec_out"] else LookForwardTwice,
                        shared_heads=bool(args["dec_pred_bbox_embed_share"]),
                        schemes=(part(ContrastiveDenoising, number=args["dn_number"], label_noise=args["dn_label_noise_ratio"] / 2,
                                      box_noise=args["dn_box_noise_scale"]),))
    if args["position_embedding"] == "sine":
        temperature = float(args["pe_temperatureW"]), float(args["pe_temperatureH"])
        recipe = recipe.but(token_code=part(LevelTokens, code=part(SineTokens, temperature=temperature)))
    if args["two_stage_type"] == "no":
        return recipe.but(query_init=part(ContentAnchors, patterns=args["num_patterns"], fixed_centres=bool(args["random_refpoints_xy"])))
    return recipe.but(query_init=part(MixedQueries, learned=bool(args["embed_init_tgt"])))


def hybrid(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """H-Deformable-DETR: both kinds of queries, its tricks, one or two stages."""
    recipe = deformable(objective(recipe, args), args).but(
        queries=args["num_queries_one2one"], extra_queries=args["num_queries_one2many"],
        refinement=LookForwardTwice if args["look_forward_twice"] else Iterative,
        schemes=(part(HybridMatching, repeat=args["k_one2many"], weight=args["lambda_one2many"]),))
    if not args["two_stage"]:
        return recipe.but(query_init=ReferenceQueries, box_head=part(ZeroBoxHead, small=True))
    return recipe if args["mixed_selection"] else recipe.but(query_init=ProposalQueries)


def anchors(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """Anchor DETR: points times patterns, learned or on a grid; row-column attention or the whole map; one or three levels."""
    patterns, points = args.get("num_query_pattern", 3), args.get("num_query_position", 300)
    if args.get("spatial_prior", "learned") == "grid":
        points = round(points ** 0.5) ** 2
        recipe = recipe.but(query_init=GridQueries)
    if args.get("attention_type", "RCDA") != "RCDA":
        recipe = recipe.but(position=PlaneCode, token_attention=PlaneTokens, cross_attention=PlaneCross)
    recipe = sized(recipe, {**args, "num_queries": points * patterns})
    recipe = recipe.but(query_init=recipe.query_init.but(patterns=patterns))
    strides = (32,)
    if recipe.levels > 1:
        recipe, strides = recipe.but(neck=EqualLevels, encoder=LevelEncoder), (8, 16, 32)
    return recipe.but(backbone=part(Backbone, name=args.get("backbone", "resnet50"), strides=strides, dilated=bool(args.get("dilation"))))


def modulated(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """SMCA: DETR's body and the kind of Gaussian; the multi-scale form is a program of its own with one kind."""
    kind = int(args.get("dynamic_scale", "type1").removeprefix("type"))
    if args.get("multi_scale"):
        recipe = sized(MULTI_SCALE, args)
        code = LearnedTokens if args.get("position_embedding") in ("learned", "v3") else SineTokens
        backbone = recipe.backbone.but(name=args.get("backbone", "resnet50"), dilated=bool(args.get("dilation")))
        return recipe.but(levels=4, backbone=backbone, token_code=part(LevelTokens, code=part(code)),
                          cross_attention=recipe.cross_attention.but(smooth=args.get("smooth", 8)))
    recipe = one_level(recipe, args)
    return recipe.but(position=part(GaussianPosition, scales=kind - 1), cross_attention=part(GaussianCross, smooth=args.get("smooth", 8)))


def sparse(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """Sparse DETR: the kept share of tokens, heads at the encoder's layers, the proposals' class and content."""
    recipe = deformable(objective(recipe, args), args)
    return recipe.but(encoder=part(SparseEncoder, ratio=args["rho"], heads=bool(args["use_enc_aux_loss"])),
                      query_init=part(EfficientQueries, by_class=bool(args["eff_specific_head"]), copies=bool(args["eff_query_init"])))


def salient(recipe: Recipe, args: dict[str, Any]) -> Recipe:
    """SAP-DETR: DAB's body; convolved content, the Gaussian and own box heads where the arguments ask for them."""
    objective = part(InsideObjective, outside=args.get("set_cost_inner", 9999), alpha=args.get("focal_alpha", 0.25))
    return anchored(recipe, args).but(
        objective=objective, query_init=ConvolvedPoints if args.get("newconvinit") else GridPoints,
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


def recipe_of(variant: str, args: dict[str, Any]) -> Recipe:
    """Our recipe for a recorded case."""
    return BODIES[variant](VARIANTS[variant].recipe, args)
