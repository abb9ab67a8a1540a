"""From the arguments of the authors' scripts to our recipes."""
from __future__ import annotations

from typing import Any

from detr_core.backbones import Backbone
from detr_core.decoder import PreNormDecoderLayer
from detr_core.encoder import Encoder, PreNormEncoderLayer
from detr_core.position import LearnedTokens, LevelTokens
from detr_core.recipe import Recipe, part
from detr_core.registry import VARIANTS

SIZES = {"hidden_dim": "width", "nheads": "heads", "dim_feedforward": "hidden", "num_queries": "queries", "num_classes": "classes",
         "enc_layers": "encoder_layers", "dec_layers": "decoder_layers", "num_feature_levels": "levels", "dropout": "dropout"}


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
    return recipe


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
    return recipe


BODIES = {"detr": one_level, "conditional_detr": one_level,
          "deformable_detr": deformable, "deformable_detr_refine": deformable, "deformable_detr_two_stage": deformable}


def recipe_of(variant: str, args: dict[str, Any]) -> Recipe:
    """Our recipe for a recorded case."""
    return BODIES[variant](VARIANTS[variant].recipe, args)
