#!/usr/bin/env python3
"""Times the fits of the Python package lifetimes on one thread, over the same customers as

    cargo run --release -p peyvand-stats --example fit_timing

so that both can be run one after the other on one machine: pip install lifetimes, then run this.
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import pathlib
import time
import warnings

import numpy as np
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

CALIBRATION = 272
DATA = pathlib.Path(__file__).parent.parent / "crates/stats/testdata/cdnow.txt"


def customers():
    """Repeats, time of the last one, age (weeks), mean of the repeats, whether in the sample."""
    rows = []
    for line in DATA.read_text().splitlines():
        mark, _, line = line.rpartition(":")
        numbers = [int(number) for number in line.split()]
        days = np.cumsum(numbers[0::2])
        kept = days <= CALIBRATION
        days, cents = days[kept], np.array(numbers[1::2])[kept]
        mean = cents[1:].mean() / 100 if len(days) > 1 else 0.0
        rows.append((len(days) - 1, (days[-1] - days[0]) / 7, (CALIBRATION - days[0]) / 7, mean, mark != ""))
    return np.array(rows, dtype=float)


def timed(name, fitter, columns, runs):
    best = float("inf")
    for _ in range(runs):
        model = fitter()
        began = time.perf_counter()
        model.fit(*columns)
        best = min(best, time.perf_counter() - began)
    print(f"{name}\t{best * 1e3:.1f}\t{' '.join(f'{key}={value:.5f}' for key, value in model.params_.items())}", flush=True)


def main():
    warnings.filterwarnings("ignore")
    everybody = customers()
    sample = everybody[everybody[:, 4] == 1]
    print("measure\tms\tresult")
    for name, rows, runs in (("sample", sample, 5), ("full", everybody, 3)):
        counts = (rows[:, 0], rows[:, 1], rows[:, 2])
        timed(f"bg_nbd cdnow {name}", BetaGeoFitter, counts, runs)
        timed(f"mbg_nbd cdnow {name}", ModifiedBetaGeoFitter, counts, runs)
        timed(f"pareto_nbd cdnow {name}", ParetoNBDFitter, counts, min(runs, 2))
        paid = rows[(rows[:, 0] > 0) & (rows[:, 3] > 0)]
        timed(f"gamma_gamma cdnow {name}", GammaGammaFitter, (paid[:, 0], paid[:, 3]), runs)


if __name__ == "__main__":
    main()
