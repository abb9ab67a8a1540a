"""Published weights on COCO's own folder: classes meet by name, and processes share the work without changing a digit."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from detr_core import build
from detr_core.cli import evaluate as command
from detr_core.cli import main
from detr_core.data import scenes
from detr_core.data.scenes.folder import write
from detr_core.training.coco import NUMBERS
from detr_core.training.evaluate import same_classes

ROOT = Path(__file__).parents[2]
TINY = dict(width=32, hidden=64, encoder_layers=1, decoder_layers=1)


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes as COCO lays its pictures out, of several shapes and with its category ids."""
    root = tmp_path_factory.mktemp("coco")
    rows: dict[str, list] = {"images": [], "annotations": []}
    (root / "annotations").mkdir()
    for number, size in enumerate((320, 224, 256), 1):
        table = json.loads(write(root / str(number), "val", 4, size, seed=number).read_text())
        for row in table["images"]:
            picture = root / "val2017" / f"{number}_{row['file_name']}"
            picture.parent.mkdir(exist_ok=True)
            (root / str(number) / "images" / row["file_name"]).rename(picture)
            rows["images"].append({**row, "id": 100 * number + row["id"], "file_name": picture.name})
        rows["annotations"] += [{**row, "id": 1000 * number + row["id"], "image_id": 100 * number + row["image_id"]}
                                for row in table["annotations"]]
    whole = {"info": {}, "categories": table["categories"], **rows}
    (root / "annotations" / "instances_val2017.json").write_text(json.dumps(whole))
    return root


def asked(coco: Path) -> list[str]:
    return ["evaluate", "--variant", "deformable_detr_two_stage", "--weights", "scenes", "--data", str(coco), "--batch", "2", "--json",
            "--device", "cpu"]


def numbers(text: str) -> dict:
    found = json.loads(text[text.index("{"):])
    return {name: value for name, value in found.items() if name != "seconds"}


def test_processes_and_workers_change_no_digit(coco: Path, capsys: pytest.CaptureFixture) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)                    # sums of several threads differ in their last digits, and ranks of near scores with them
    try:
        assert main(asked(coco)) == 0
    finally:
        torch.set_num_threads(threads)
    alone = numbers(capsys.readouterr().out)
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1",
              "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0", "-m", "detr_core"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    several = subprocess.run([*launch, *asked(coco), "--workers", "1"], capture_output=True, text=True, env=environment, cwd=ROOT)
    assert several.returncode == 0, several.stderr[-2000:]
    assert several.stdout.count('"classes": {') == 1, "one process speaks for all"
    assert numbers(several.stdout) == alone
    assert alone["pictures"] == 12 and alone["AP50"] > 0.2, "a detector that never hits anything would prove nothing"


def test_classes_meet_by_name_and_strangers_are_told() -> None:
    detector = build("detr", "tiny", **TINY)
    names = [row.name for row in scenes.CLASSES]
    met = same_classes(detector, names)
    assert sorted(met.values()) == list(range(len(names))) and all(detector.names[known] == names[label] for known, label in met.items())
    with pytest.raises(ValueError, match="'griffin'"):
        same_classes(detector, [*names, "griffin"])
    assert same_classes(build("detr", "tiny", **TINY, classes=2), ["cat", "dog"]) == {0: 0, 1: 1}


def test_the_authors_figures_stand_below_ours() -> None:
    one = {"variant": "detr", "weights": "coco", "data": "coco", "loose": {"0.1": 0.5}, "classes": {"cat": 0.4}, "pictures": 1,
           "seconds": 1.0, **dict.fromkeys(NUMBERS, 0.419)}
    ours, theirs = (line.split()[:4] for line in command.report(one).splitlines()[4:6])
    assert ours == ["here", "41.9", "41.9", "41.9"] and theirs == ["published", "42.0", "62.4", "44.2"]
    assert "published" not in command.report({**one, "weights": "scenes"})
