"""Published weights: downloaded once from their official address, checked, kept."""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch

from .checkpoint import CheckpointError
from .registry import Published

# Hugging Face configuration field -> ours; fields that a configuration lacks keep the recipe's value.
FIELDS = {"d_model": "width", "encoder_attention_heads": "heads", "encoder_ffn_dim": "hidden", "num_queries": "queries",
          "num_feature_levels": "levels", "encoder_layers": "encoder_layers", "decoder_layers": "decoder_layers", "dropout": "dropout"}


def cache() -> Path:
    """Where downloads are kept: $DETR_ATLAS_CACHE or torch's own checkpoint folder."""
    return Path(os.environ.get("DETR_ATLAS_CACHE") or Path(torch.hub.get_dir()) / "detr-atlas")


def sizes_of(config: dict[str, Any]) -> dict[str, Any]:
    """Recipe sizes out of a Hugging Face configuration; softmax and sigmoid detectors count classes alike."""
    sizes = {ours: config[theirs] for theirs, ours in FIELDS.items() if theirs in config}
    if "id2label" in config:
        sizes["classes"] = len(config["id2label"])
    elif "num_labels" in config:
        sizes["classes"] = config["num_labels"]
    return sizes


def from_hub(repository: str) -> tuple[Path, dict[str, Any]]:
    """The weights file of a Hugging Face repository and the recipe sizes of its configuration."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
    try:
        config = json.loads(Path(hf_hub_download(repository, "config.json")).read_text())
        try:
            return Path(hf_hub_download(repository, "model.safetensors")), sizes_of(config)
        except EntryNotFoundError as error:
            if isinstance(error, LocalEntryNotFoundError):
                raise
            return Path(hf_hub_download(repository, "pytorch_model.bin")), sizes_of(config)
    except RepositoryNotFoundError as error:
        raise CheckpointError(f"There is no public Hugging Face repository {repository!r}: check its name.") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise CheckpointError(f"The weights {repository!r} are not on this machine and Hugging Face cannot be reached: "
                              "connect once, or download the file elsewhere and load it by its path.") from error


def fetch(published: Published, id: str) -> tuple[Path, dict[str, Any]]:
    """The file of published weights, downloaded with a progress bar and checked against the start of its SHA-256."""
    if published.repository:
        return from_hub(published.repository)
    path = cache() / published.address.rsplit("/", 1)[-1]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(published.address, str(path), hash_prefix=published.sha256 or None)
        except (URLError, OSError, TimeoutError) as error:
            raise CheckpointError(f"The published weights of {id!r} are not on this machine and {published.address} cannot be reached: "
                                  "connect once, or download the file elsewhere and load it by its path.") from error
        except RuntimeError as error:
            raise CheckpointError(f"The download of {published.address} does not have the expected checksum: delete it and try again.") from error
    return path, {"classes": published.classes}
