"""Published weights: downloaded once from their official address, checked, kept."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import EntryNotFoundError, HFValidationError, RepositoryNotFoundError
from torch import nn

from .checkpoint import CheckpointError
from .folders import cache
from .recipe import Recipe
from .registry import Published

# Hugging Face configuration field -> ours; fields that a configuration lacks keep the recipe's value.
SIZES = {"d_model": "width", "hidden_size": "width", "encoder_attention_heads": "heads", "encoder_ffn_dim": "hidden",
         "num_queries": "queries", "num_feature_levels": "levels", "encoder_layers": "encoder_layers",
         "decoder_layers": "decoder_layers", "dropout": "dropout"}
# what the recipes take for granted: field -> the only value that fits
FIXED = {"position_embedding_type": "sine", "num_channels": 3, "query_dim": 4, "keep_query_pos": False, "normalize_before": False}
ACTIVATIONS = {nn.ReLU: "relu", nn.PReLU: "prelu"}
# field -> slot and option of its part
OPTIONS = {"encoder_n_points": ("token_attention", "points"), "decoder_n_points": ("cross_attention", "points"),
           "num_patterns": ("query_init", "patterns"), "random_refpoints_xy": ("query_init", "fixed_centres")}
RESNETS = {(3, 4, 6, 3): "resnet50", (3, 4, 23, 3): "resnet101"}


def _offline(id: str, source: str) -> CheckpointError:
    return CheckpointError(f"The weights of {id!r} are not on this machine and {source} cannot be reached: connect once, or download "
                           "the file elsewhere and load it by its path.")


def _refuse(id: str, reason: str) -> CheckpointError:
    return CheckpointError(f"This Hugging Face configuration does not fit {id!r}: {reason}.")


def _backbone_of(config: dict[str, Any], id: str) -> dict[str, Any]:
    """Options of the backbone part; both ways to write a timm network, and transformers' own ResNet."""
    inner = config.get("backbone_config") or {}
    name = inner.get("backbone") or config.get("backbone") or "resnet50"
    if inner.get("model_type") == "resnet":
        name = RESNETS.get(tuple(inner.get("depths", ())), "a ResNet of other depths")
    if name not in RESNETS.values():
        raise _refuse(id, f"its backbone is {name!r}, known are {' and '.join(RESNETS.values())}")
    options = {"name": name, "dilated": bool(config.get("dilation")) or inner.get("output_stride") == 16}
    return {**options, "strides": (32,)} if config.get("num_feature_levels") == 1 else options


def _family(config: dict[str, Any]) -> str:
    """The variant that a configuration describes."""
    kind = config.get("model_type", "").replace("-", "_")
    if kind != "deformable_detr":
        return kind
    return kind + ("_two_stage" if config.get("two_stage") else "_refine" if config.get("with_box_refine") else "")


def sizes_of(config: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    """Changes of `recipe` that make it the detector of a Hugging Face configuration; its class names under "names".

    Raises CheckpointError that names the field when the recipe cannot become it.
    """
    if _family(config) != recipe.name:
        raise _refuse(recipe.name, f"it describes {_family(config) or 'no known model'!r}, so load that variant")
    for field, fits in {**FIXED, "activation_function": ACTIVATIONS.get(recipe.activation.make)}.items():
        if config.get(field, fits) != fits:
            raise _refuse(recipe.name, f"{field} is {config[field]!r} where only {fits!r} is known")
    for field in ("attention_heads", "ffn_dim"):
        ours, theirs = (config.get(f"{side}_{field}") for side in ("encoder", "decoder"))
        if None not in (ours, theirs) and ours != theirs:
            raise _refuse(recipe.name, f"encoder and decoder have different {field} ({ours} and {theirs})")
    changes = {ours: config[theirs] for theirs, ours in SIZES.items() if theirs in config}
    changes["backbone"] = recipe.backbone.but(**_backbone_of(config, recipe.name))
    if config.get("two_stage"):
        changes["queries"] = config.get("two_stage_num_proposals", recipe.queries)
    for field, (slot, option) in OPTIONS.items():
        if field in config:
            changes[slot] = changes.get(slot, getattr(recipe, slot)).but(**{option: config[field]})
    if "temperature_width" in config:
        changes["token_code"] = recipe.token_code.but(temperature=(float(config["temperature_width"]), float(config["temperature_height"])))
    if "id2label" in config:
        names = {int(index): str(name) for index, name in config["id2label"].items()}
        changes["names"] = tuple(names.get(i, "N/A") for i in range(max(names, default=-1) + 1))
        changes["classes"] = len(changes["names"])
    return changes


def _changes(path: Path, repository: str, recipe: Recipe) -> dict[str, Any]:
    try:
        return sizes_of(json.loads(path.read_text(encoding="utf-8")), recipe)
    except CheckpointError:
        raise
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise CheckpointError(f"The config.json of {repository!r} is not a configuration of a detector ({error}): check the name of the "
                              "repository.") from error


def _file(repository: str, name: str) -> Path:
    """A file of a repository, from the cache of huggingface_hub where it is there."""
    kept = try_to_load_from_cache(repository, name)
    if isinstance(kept, str):
        return Path(kept)
    get_hf_file_metadata(hf_hub_url(repository, name))      # fails at once where the download would try for half a minute
    return Path(hf_hub_download(repository, name))


def from_hub(repository: str, recipe: Recipe) -> tuple[Path, dict[str, Any]]:
    """The weights file of a Hugging Face repository and the changes that its configuration makes to `recipe`."""
    try:
        changes = _changes(_file(repository, "config.json"), repository, recipe)       # before the large file
        try:
            return _file(repository, "model.safetensors"), changes
        except EntryNotFoundError:
            return _file(repository, "pytorch_model.bin"), changes
    except CheckpointError:
        raise
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise CheckpointError(f"There is no public Hugging Face repository {repository!r}: check its name.") from error
    except EntryNotFoundError as error:
        raise CheckpointError(f"The Hugging Face repository {repository!r} lacks config.json or weights: name one made for "
                              "transformers.") from error
    except Exception as error:                              # whatever its network library raises
        raise _offline(recipe.name, repository) from error


def fetch(published: Published, recipe: Recipe) -> tuple[Path, dict[str, Any]]:
    """The file of published weights, downloaded with a progress bar and checked against the start of its SHA-256."""
    if published.repository:
        return from_hub(published.repository, recipe)
    path = cache() / "weights" / published.address.rsplit("/", 1)[-1]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(published.address, str(path), hash_prefix=published.sha256 or None)
        except (URLError, OSError, TimeoutError) as error:
            raise _offline(recipe.name, published.address) from error
        except RuntimeError as error:
            raise CheckpointError(f"The download of {published.address} does not have the expected checksum and was not kept: "
                                  "try again later, or download the file elsewhere and load it by its path.") from error
    return path, {"classes": published.classes}
