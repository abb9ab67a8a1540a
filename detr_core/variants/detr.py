"""DETR (2020): learned queries look at every token of one feature map; a set loss pairs them with objects."""
from __future__ import annotations

import torch
from torch import nn

from ..attention import CrossAttention, FeedForward, SelfAttention, TokenAttention
from ..backbones import Backbone
from ..decoder import Decoder, DecoderLayer
from ..encoder import Encoder, EncoderLayer
from ..geometry import FreeBoxes, Still
from ..heads import BoxHead, SoftmaxHead
from ..necks import SingleLevel
from ..position import LearnedPosition, SineTokens
from ..postprocess import SoftmaxPostprocess
from ..preprocess import Preprocess
from ..queries import QueryInit
from ..recipe import Recipe, part
from ..registry import Paper, Published, variant
from ..sizes import tiny_single
from ..structures import Features, Queries
from ..training.objective import SoftmaxObjective


class LearnedQueries(QueryInit):
    """Content starts at zero; each query's position is a learned vector (section 3.2)."""

    def __init__(self, recipe: Recipe):
        super().__init__(recipe)
        self.position = nn.Parameter(torch.randn(self.every, recipe.width))

    def forward(self, memory: Features) -> Queries:
        position = self.position[: self.count].expand(len(memory.tokens), -1, -1)
        return Queries(content=torch.zeros_like(position), position=position)


DETR = Recipe(
    "detr", preprocess=Preprocess, backbone=Backbone, neck=SingleLevel, token_code=SineTokens, position=LearnedPosition,
    encoder=Encoder, encoder_layer=EncoderLayer, token_attention=TokenAttention, query_init=LearnedQueries, decoder=Decoder,
    decoder_layer=DecoderLayer, self_attention=SelfAttention, cross_attention=CrossAttention, feed_forward=FeedForward,
    activation=part(nn.ReLU, inplace=True), geometry=FreeBoxes, refinement=Still, class_head=SoftmaxHead, box_head=BoxHead,
    objective=SoftmaxObjective, postprocess=SoftmaxPostprocess)

ENCODER, DECODER = "transformer.encoder.layers.{i}.", "transformer.decoder.layers.{i}."
OFFICIAL = (
    ("{path}.num_batches_tracked", None),                                          # of batch norm before it was frozen
    ("backbone.0.body.{path}", "backbone.body.{path}"),
    ("backbone.1.row_embed.weight", "position.code.row.weight"),
    ("backbone.1.col_embed.weight", "position.code.column.weight"),
    ("input_proj.{p}", "neck.project.{p}"),
    ("query_embed.weight", "query_init.position"),
    (ENCODER + "self_attn.in_proj_{p}", "encoder.layers.{i}.attention.{query,key,value}.{p}"),
    (ENCODER + "self_attn.out_proj.{p}", "encoder.layers.{i}.attention.out.{p}"),
    (ENCODER + "norm1.{p}", "encoder.layers.{i}.attention_norm.{p}"),
    (ENCODER + "norm2.{p}", "encoder.layers.{i}.feed_forward_norm.{p}"),
    (ENCODER + "linear1.{p}", "encoder.layers.{i}.feed_forward.expand.{p}"),
    (ENCODER + "linear2.{p}", "encoder.layers.{i}.feed_forward.contract.{p}"),
    ("transformer.encoder.norm.{p}", "encoder.norm.{p}"),
    (DECODER + "self_attn.in_proj_{p}", "decoder.layers.{i}.self_attention.{query,key,value}.{p}"),
    (DECODER + "self_attn.out_proj.{p}", "decoder.layers.{i}.self_attention.out.{p}"),
    (DECODER + "multihead_attn.in_proj_{p}", "decoder.layers.{i}.cross_attention.{query,key,value}.{p}"),
    (DECODER + "multihead_attn.out_proj.{p}", "decoder.layers.{i}.cross_attention.out.{p}"),
    (DECODER + "norm1.{p}", "decoder.layers.{i}.self_norm.{p}"),
    (DECODER + "norm2.{p}", "decoder.layers.{i}.cross_norm.{p}"),
    (DECODER + "norm3.{p}", "decoder.layers.{i}.feed_forward_norm.{p}"),
    (DECODER + "linear1.{p}", "decoder.layers.{i}.feed_forward.expand.{p}"),
    (DECODER + "linear2.{p}", "decoder.layers.{i}.feed_forward.contract.{p}"),
    ("transformer.decoder.norm.{p}", "decoder.norm.{p}"),
    ("class_embed.{p}", "decoder.class_heads.0.{p}"),
    ("bbox_embed.layers.{n}.{p}", "decoder.box_heads.0.{n*2}.{p}"),
)

HF_ENCODER, HF_DECODER = "model.encoder.layers.{i}.", "model.decoder.layers.{i}."
HF_BACKBONE = "model.backbone.{conv_encoder.|}model."                              # `|`: before and since transformers 5
STAGE, BLOCK = HF_BACKBONE + "encoder.stages.{s}.layers.{b}.", "backbone.body.layer{s+1}.{b}."
PROJECTIONS = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "{out_proj|o_proj}": "out"}
HUGGING_FACE = (
    (HF_BACKBONE + "embedder.embedder.convolution.{p}", "backbone.body.conv1.{p}"),       # transformers' own ResNet
    (HF_BACKBONE + "embedder.embedder.normalization.{p}", "backbone.body.bn1.{p}"),
    (STAGE + "shortcut.convolution.{p}", BLOCK + "downsample.0.{p}"),
    (STAGE + "shortcut.normalization.{p}", BLOCK + "downsample.1.{p}"),
    (STAGE + "layer.{n}.convolution.{p}", BLOCK + "conv{n+1}.{p}"),
    (STAGE + "layer.{n}.normalization.{p}", BLOCK + "bn{n+1}.{p}"),
    (HF_BACKBONE + "{_backbone.|}{path}", "backbone.body.{path}"),                        # timm's
    ("model.{backbone.|}position_embedding.row_embeddings.weight", "position.code.row.weight"),
    ("model.{backbone.|}position_embedding.column_embeddings.weight", "position.code.column.weight"),
    ("model.input_projection.{p}", "neck.project.{p}"),
    ("model.query_position_embeddings.weight", "query_init.position"),
    *((f"{HF_ENCODER}self_attn.{old}.{{p}}", f"encoder.layers.{{i}}.attention.{new}.{{p}}") for old, new in PROJECTIONS.items()),
    *((f"{HF_DECODER}self_attn.{old}.{{p}}", f"decoder.layers.{{i}}.self_attention.{new}.{{p}}") for old, new in PROJECTIONS.items()),
    *((f"{HF_DECODER}encoder_attn.{old}.{{p}}", f"decoder.layers.{{i}}.cross_attention.{new}.{{p}}") for old, new in PROJECTIONS.items()),
    (HF_ENCODER + "self_attn_layer_norm.{p}", "encoder.layers.{i}.attention_norm.{p}"),
    (HF_DECODER + "self_attn_layer_norm.{p}", "decoder.layers.{i}.self_norm.{p}"),
    (HF_DECODER + "encoder_attn_layer_norm.{p}", "decoder.layers.{i}.cross_norm.{p}"),
    ("model.{m}.layers.{i}.final_layer_norm.{p}", "{m}.layers.{i}.feed_forward_norm.{p}"),
    ("model.{m}.layers.{i}.{mlp.|}fc1.{p}", "{m}.layers.{i}.feed_forward.expand.{p}"),
    ("model.{m}.layers.{i}.{mlp.|}fc2.{p}", "{m}.layers.{i}.feed_forward.contract.{p}"),
    ("model.decoder.layernorm.{p}", "decoder.norm.{p}"),
    ("class_labels_classifier.{p}", "decoder.class_heads.0.{p}"),
    ("bbox_predictor.layers.{n}.{p}", "decoder.box_heads.0.{n*2}.{p}"),
)

variant(
    DETR, tiny_single(DETR),
    paper=Paper("End-to-End Object Detection with Transformers", "Carion et al.", "ECCV", 2020, "2005.12872", "facebookresearch/detr"),
    idea="A fixed set of learned queries reads the whole picture with attention and is matched one-to-one with the objects.",
    names=OFFICIAL + HUGGING_FACE,
    published={"coco": Published("https://dl.fbaipublicfiles.com/detr/detr-r50-e632da11.pth", "e632da11"),
               "coco-hf": Published(repository="facebook/detr-resnet-50")})
