"""What looks wrong with a run while it still goes: named, with a next step, before its time is spent."""
from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import Any

from ..room import size_words
from ..training.run import Run
from .job import Alert, Job
from .table import Table

UNMATCHED = 20                                      # lines of metrics in a row without a matched object
FLAT, GAIN = 3, 0.002                               # evaluations, and what AP must gain in them
FIRST = 3                                           # evaluations before a class is missed
LEAST = 2**30                                       # bytes that should be free: a few checkpoints and their logs
WARNING = "warning"                                 # what events of this kind say in place of a state

Lines = list[dict[str, Any]]


def heed(table: Table, job: Job, over: bool = False) -> None:
    """Compare what looks wrong with what was known before, and note what is new among the job's events."""
    steps, evaluations = table.recent(job.id, UNMATCHED)
    known = {sign.kind for sign in job.warnings}
    found = [unseen(evaluations, job.run)]
    if not over:
        free = shutil.disk_usage(job.folder).free
        found += [unmatched(steps), flat(evaluations), scarce(free, 2 * LEAST if "scarce" in known else LEAST)]
    signs = tuple(sign for sign in found if sign)
    if signs == job.warnings:
        return
    with table.database.changing():
        table.put(job.id, warnings=json.dumps([asdict(sign) for sign in signs]))
        for sign in signs:
            if sign.kind not in known:
                table.note(job.id, WARNING, sign.sentence)


def unmatched(steps: Lines) -> Alert | None:
    """No object was matched to any query: the pictures had none. `steps` are the last lines of training."""
    if len(steps) < UNMATCHED or any(value for line in steps for name, value in line["terms"].items() if name.startswith("l1.")):
        return None
    count = steps[-1]["step"] - steps[0]["step"] + 1
    return Alert("unmatched", f"No object has been matched for {count} steps: the pictures of these steps have no boxes. Stop the run and "
                 "look at the data set.", "stop", facts={"steps": count})


def flat(evaluations: Lines) -> Alert | None:
    """AP is no higher than it was some evaluations ago."""
    values = [line.get("AP") or 0.0 for line in evaluations]
    if len(values) <= FLAT or max(values[-FLAT:]) > max(values[:-FLAT]) + GAIN:
        return None
    best = max(range(len(values)), key=values.__getitem__)
    step = evaluations[best]["step"]
    return Alert("flat", f"AP has not risen for {FLAT} evaluations, the best is {100 * values[best]:.1f} at step {step}. Stop the run, its "
                 "best weights are kept; then clone it with another rate, or bring more pictures.", "stop",
                 facts={"evaluations": FLAT, "AP": values[best], "step": step})


def unseen(evaluations: Lines, run: Run) -> Alert | None:
    """Classes that the validation pictures have and that were never predicted with a fair score."""
    told = [line for line in evaluations if "predicted" in line]
    if len(told) < FIRST:
        return None
    had = {name for name, value in told[-1].get("classes", {}).items() if value is not None}
    missing = sorted(name for name in had if not any(line["predicted"].get(name) for line in told))
    late = 2 * len(evaluations) >= run.evaluations   # some detectors say nothing at all for a while
    if not missing or (len(missing) == len(had) and not late):
        return None
    one = len(missing) == 1
    what = f"The class {missing[0][:40]!r} has" if one else f"{len(missing)} classes have, {missing[0][:40]!r} among them,"
    return Alert("unseen", f"{what} never been predicted. Look at {'its' if one else 'their'} boxes, bring more pictures of "
                 f"{'it' if one else 'them'}, or clone the job with a longer run.", "clone",
                 facts={"classes": missing[:12], "count": len(missing)})


def scarce(free: int, least: int = LEAST) -> Alert | None:
    """The disk gets full, and the next checkpoint may be the one that does not fit."""
    if free >= least:
        return None
    return Alert("scarce", f"The server's disk has {size_words(free)} left: the next checkpoint may not fit. Delete old jobs and data "
                 "sets.", facts={"free": free})
