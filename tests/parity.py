"""Compare detectors with recorded numbers of the authors' own code: `python tests/parity.py CASE [CASE ...]`.

A case is CASE.json (arguments, names and shapes of the state dict, losses, assignment) beside CASE.npz (outputs).
Weights, pictures and targets are made from names and indices alone, so no checkpoint is needed. Prints the largest
absolute difference of logits, boxes and losses and whether the assignment is equal; exits with 1 above 1e-4.
"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from tests.parity_compare import run  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", metavar="CASE", help="path of a case without its ending")
    passed = True
    for path in parser.parse_args().cases:
        try:
            report = run(path.removesuffix(".json").removesuffix(".npz"))
        except (OSError, ValueError) as error:                  # the other cases are compared all the same
            print(f"{path}: FAIL {error}", flush=True)
            passed = False
        else:
            print(f"{path}: {report}", flush=True)
            passed &= report.passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
