"""The bodies that most scripts of the authors have in common: their sizes, feature maps, positions and objectives."""
from __future__ import annotations

from inspect import signature

from torch import nn

from detr_core.backbones import Backbone
from detr_core.decoder import PreNormDecoderLayer
from detr_core.encoder import Encoder, PreNormEncoderLayer
from detr_core.geometry import LookForwardTwice
from detr_core.position import LearnedTokens, LevelTokens, SineTokens
from detr_core.recipe import Recipe, part
from detr_core.registry import VARIANTS
from detr_core.training.objective import SoftmaxObjective
from detr_core.variants.deformable import ProposalQueries
from detr_core.variants.dn import Denoising
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
