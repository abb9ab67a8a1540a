"""Sparse DETR (2021): the encoder refines only the tokens that the decoder is expected to look at."""
from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..attention import xavier
from ..encoder import EncoderLayer
from ..position import sine
from ..queries import take
from ..recipe import Recipe, part
from ..registry import Paper, Published, variant
from ..sampling import DeformableAttention, DeformableCross, spread
from ..sizes import tiny_pyramid
from ..structures import Batch, Features, Output, Prediction, Queries
from ..tape import Tape, note, wanted
from ..training.schemes import Scheme
from .deformable import TWO_STAGE, TokenProposals, proposal_boxes


@dataclass(frozen=True)
class SparseMemory(Features):
    """A memory of which some tokens were refined; the others are still the neck's, without their position."""

    scores: Tensor | None = None                    # [B, N] how much a token seemed worth refining
    counts: Tensor | None = None                    # [B] how many were
    description: Tensor | None = None               # [B, N, C] the tokens as the proposals' heads see them


class TokenScorer(nn.Module):
    """One number a token, from itself and the mean over all tokens, padded ones too (so in the authors' code)."""

    def __init__(self, width: int):
        super().__init__()
        self.norm, self.mix = nn.LayerNorm(width), nn.Linear(width, width)
        half, quarter = width // 2, width // 4
        self.score = nn.Sequential(nn.Linear(width, half), nn.GELU(), nn.Linear(half, quarter), nn.GELU(), nn.Linear(quarter, 1))
        xavier(self.mix, self.score)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, C] -> [B, N]"""
        own, others = F.gelu(self.mix(self.norm(x))).chunk(2, -1)
        return self.score(torch.cat([own, others.mean(1, keepdim=True).expand_as(own)], -1))[..., 0]


class SparseEncoderLayer(EncoderLayer):
    """Kept tokens sample all tokens; nobody else is updated."""

    def forward(self, kept: Queries, memory: Features) -> Queries:
        x = self.attention_norm(kept.content + self.dropout(self.attention(kept, memory)))
        return kept.but(content=self.feed_forward_norm(x + self.dropout(self.feed_forward(x))))


class SparseEncoder(nn.Module):
    """Scores all tokens, refines the best `ratio` of each picture's and writes them back after every layer (section 3.2).

    One projection describes tokens to the scorer before the layers and to the proposals after them. With `heads`,
    kept tokens of all layers but the last predict boxes too (section 3.4), in training and where a tape asks.
    """

    def __init__(self, recipe: Recipe, ratio: float = 0.1, heads: bool = True):
        super().__init__()
        if not 0 < ratio <= 1:
            raise ValueError(f"A sparse encoder keeps a ratio of tokens above 0 and up to 1, not {ratio}: use Encoder to keep all.")
        self.ratio, layers = ratio, recipe.encoder_layers
        self.project, self.norm, self.scorer = nn.Linear(recipe.width, recipe.width), nn.LayerNorm(recipe.width), TokenScorer(recipe.width)
        xavier(self.project)
        self.layers = nn.ModuleList(recipe.encoder_layer(recipe, i) for i in range(layers))
        speaking = range(layers - 1 if heads else 0)
        self.class_heads = nn.ModuleList(recipe.class_head(recipe) for _ in speaking)
        self.box_heads = nn.ModuleList(recipe.box_head(recipe, 4, i) for i in speaking)

    def describe(self, tokens: Tensor, usable: Tensor) -> Tensor:
        """[B, N, C] -> [B, N, C]"""
        return self.norm(self.project(tokens.masked_fill(~usable, 0)))

    def select(self, features: Features, usable: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores [B, N], how many tokens each picture keeps [B], and the best tokens of each [B, the most kept or more]."""
        scores = self.scorer(self.describe(features.tokens + features.position, usable))
        if features.padded:
            scores = scores.masked_fill(features.padding, scores.min())
        counts = ((~features.padding).sum(1) * self.ratio).int() + 1
        # a traced program cannot ask a tensor how long its next one is: it takes as many as a whole picture could keep
        most = int(scores.shape[1] * self.ratio) + 2 if torch.compiler.is_compiling() else int(counts.max())
        return scores, counts, scores.topk(min(most, scores.shape[1]), 1).indices

    def predict(self, layer: int, kept: Queries, base: Tensor) -> Prediction:
        """What one layer's kept tokens say, from their own proposals `base` [B, kept, 4] in logits."""
        prediction = Prediction(self.class_heads[layer](kept.content), (base + self.box_heads[layer](kept.content)).sigmoid())
        note(self, logits=prediction.logits, boxes=prediction.boxes)
        return prediction

    def forward(self, features: Features) -> SparseMemory:
        base, usable = proposal_boxes(features)
        scores, counts, chosen = self.select(features, usable)
        own = torch.arange(chosen.shape[1], device=chosen.device) < counts[:, None]         # pictures of less keep fewer
        note(self, scores=scores, chosen=chosen, kept=torch.zeros_like(features.padding).scatter(1, chosen, own))
        tokens, (position, centres, base) = features.tokens, (
            take(t.expand(len(chosen), -1, -1), chosen) for t in (features.position, features.centres, base))
        kept, predictions = Queries(take(tokens, chosen), position, anchor=centres), []
        index, speaks = chosen[..., None].expand_as(kept.content), self.training or wanted(self, "boxes")
        for i, layer in enumerate(self.layers):
            kept = layer(kept, features.but(tokens=tokens))
            tokens = tokens.scatter(1, index, kept.content.where(own[..., None], take(tokens, chosen)).to(tokens.dtype))
            if speaks and i < len(self.class_heads):
                predictions.append(self.predict(i, kept, base))
        features = features.but(tokens=tokens, predictions=tuple(predictions))
        return SparseMemory(**{f.name: getattr(features, f.name) for f in fields(features)}, scores=scores, counts=counts,
                            description=self.describe(tokens, usable))


class EfficientQueries(TokenProposals):
    """Proposals ranked by their best class; content is the memory itself, position the code of the box (Efficient DETR).

    Without `copies`, content is projected from the box as well, as in Deformable DETR.
    """

    def __init__(self, recipe: Recipe, by_class: bool = True, copies: bool = True):
        super().__init__(recipe, by_class)
        if not recipe.encoder.is_a(SparseEncoder):
            raise ValueError(f"These queries share the projection of a sparse encoder, which {recipe.encoder!r} is not: use SparseEncoder.")
        mixed = recipe.width if copies else 2 * recipe.width
        self.mix, self.mix_norm, self.width = nn.Linear(2 * recipe.width, mixed), nn.LayerNorm(mixed), recipe.width
        xavier(self.mix)

    def describe(self, memory: SparseMemory, usable: Tensor) -> Tensor:
        return memory.description

    def forward(self, memory: SparseMemory) -> Queries:
        boxes, _, proposals = self.propose(memory)
        anchor = boxes.detach().sigmoid()
        position, *content = self.mix_norm(self.mix(sine(anchor, self.width, y_first=False))).split(self.width, -1)
        return Queries(content=content[0] if content else take(memory.tokens, proposals.chosen), position=position, anchor=anchor,
                       proposals=proposals)


class TokenScoring(Scheme):
    """The tokens that the decoder attends to most are what the scorer should have kept (section 3.3)."""

    needs = ("decoder.layers.*.cross_attention.locations", "decoder.layers.*.cross_attention.weights",
             "encoder.boxes")                       # so that the encoder's heads speak in evaluation mode too

    def refuse(self, recipe: Recipe) -> None:
        for slot, kind in (("encoder", SparseEncoder), ("cross_attention", DeformableAttention)):
            if not getattr(recipe, slot).is_a(kind):
                raise ValueError(f"Token scoring needs {kind.__name__} as its {slot}, not {getattr(recipe, slot)!r}: drop the scheme.")

    @torch.no_grad()
    def wanted(self, memory: SparseMemory, tape: Tape) -> Tensor:
        """[B, N] 1 for as many tokens as were kept, those of the most attention in all decoder layers, else 0.

        Places are counted from token corners, half a token right and down of what was sampled (so in the authors' code).
        """
        sampled = zip(*(tape[f"decoder.layers.*.cross_attention.{key}"] for key in ("locations", "weights")))
        attention = sum(spread(at.float(), weights.float(), memory.shapes, centre=0.0) for at, weights in sampled)
        attention = attention.masked_fill(memory.padding, float(attention.min()) - 1)
        best = attention.topk(min(int(memory.counts.max()), attention.shape[1]), 1).indices
        own = torch.arange(best.shape[1], device=best.device) < memory.counts[:, None]
        return torch.zeros_like(attention).scatter(1, best, own.to(attention.dtype))

    def losses(self, output: Output, batch: Batch, tape: Tape) -> dict[str, Tensor]:
        memory = output.memory
        return {"token_scoring": F.multilabel_soft_margin_loss(memory.scores.float(), self.wanted(memory, tape))}


SPARSE = TWO_STAGE.but("sparse_detr", encoder=SparseEncoder, encoder_layer=SparseEncoderLayer, token_attention=DeformableCross,
                       query_init=EfficientQueries, schemes=(TokenScoring,))

HEADS = "{transformer.decoder.|}%s_embed.{@decoder_layers+%d}."                  # one list: the decoder's, the proposals', the encoder's
NAMES = (
    ("transformer.enc_output.{p}", "encoder.project.{p}"),
    ("transformer.enc_output_norm.{p}", "encoder.norm.{p}"),
    ("transformer.enc_mask_predictor.layer1.0.{p}", "encoder.scorer.norm.{p}"),
    ("transformer.enc_mask_predictor.layer1.1.{p}", "encoder.scorer.mix.{p}"),
    ("transformer.enc_mask_predictor.layer2.{n}.{p}", "encoder.scorer.score.{n}.{p}"),
    ("transformer.encoder.class_embed.{i}.{p}", "encoder.class_heads.{i}.{p}"),
    ("transformer.encoder.bbox_embed.{i}.layers.{n}.{p}", "encoder.box_heads.{i}.{n*2}.{p}"),
    *((HEADS % ("class", i + 1) + "{p}", f"encoder.class_heads.{i}.{{p}}") for i in range(12)),
    *((HEADS % ("bbox", i + 1) + "layers.{n}.{p}", f"encoder.box_heads.{i}.{{n*2}}.{{p}}") for i in range(12)),
)
variant(
    SPARSE, tiny_pyramid(SPARSE).but(encoder=part(SparseEncoder, ratio=0.3)),
    paper=Paper("Sparse DETR: Efficient End-to-End Object Detection with Learnable Sparsity", "Roh et al.", "ICLR", 2022, "2111.14330",
                "kakaobrain/sparse-detr"),
    idea="The encoder refines only the tokens that the decoder will look at, and learns from the decoder which those are.", names=NAMES,
    published={"coco": Published("https://twg.kakaocdn.net/brainrepo/sparse_detr/sparse_detr_r50_10.pth")})
