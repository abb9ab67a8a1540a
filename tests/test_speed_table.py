"""The table of speed grows run by run, and holds times of one machine only."""
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch

from detr_core.benchmark.speed_table import SpeedTable
from detr_core.cli import main


def timing(detector: str, milliseconds: float, precision: str = "float32") -> dict:
    return {"detector": detector, "size": [64, 64], "precision": precision, "device": "cpu", "milliseconds": {"ours": milliseconds}}


def test_a_table_of_speed_is_put_together_run_by_run(tmp_path: Path) -> None:
    conditions, path = {"machine": {"processor": "one"}, "threads": 2, "clock": "wall"}, tmp_path / "benchmark" / "speed.json"
    for rows in ([timing("dino", 9.0), timing("detr", 3.0, "bfloat16")], [timing("detr", 5.0), timing("dino", 8.0)]):
        table = SpeedTable(path, conditions)
        assert not table.begun_anew
        for row in rows:
            table.add("results", row)
    kept = json.loads(path.read_text())
    assert [(row["detector"], row["milliseconds"]["ours"]) for row in kept["results"]] == [("detr", 5.0), ("detr", 3.0), ("dino", 8.0)]
    assert kept["threads"] == 2 and kept["training"] == []


def test_times_of_another_machine_are_not_mixed_in(tmp_path: Path) -> None:
    conditions, path = {"machine": {"processor": "one"}, "threads": 2, "clock": "wall"}, tmp_path / "speed.json"
    SpeedTable(path, conditions).add("results", timing("detr", 5.0))
    for name, other in (("machine", {"processor": "two"}), ("threads", 1), ("clock", "processor")):
        table = SpeedTable(path, conditions | {name: other})
        assert table.begun_anew and table.found["results"] == []
    path.write_text("{half")
    assert SpeedTable(path, conditions).found["results"] == []


def test_the_command_keeps_every_part_with_its_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr("detr_core.benchmark.matching.SHAPES", ((20, 3),))
    path = tmp_path / "speed.json"
    words = ["benchmark", "--speed", "--parts", "matcher", "--rounds", "1", "--threads", "1", "--json", str(path)]
    try:
        assert main(words) == main(words) == 0
    finally:
        torch.set_num_threads(before)
    kept = json.loads(path.read_text())
    row, = kept["matcher"]
    assert row["rounds"] == 1 and row["queries"] == 20 and kept["results"] == kept["training"] == []
    assert kept["machine"]["cores"] == os.cpu_count() and kept["threads"] == 1 and "20x3" in capsys.readouterr().out
