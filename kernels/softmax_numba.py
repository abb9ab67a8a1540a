"""Softmax over the few samples of one query and head, for use inside compiled loops."""

import numpy as np
from numba import njit

from kernels.lanes import added, exponential, larger, largest, load, multiply_add, plus, smaller, store, zeros

WIDE = 16  # numbers that softmax works on at a time


@njit(nogil=True, error_model="numpy")
def room(samples):
    """Memory for `softmax` of so many numbers in whole vectors: shares, and their caps: infinity, for the filling minus infinity."""
    size = -(-samples // WIDE) * WIDE
    caps = np.full(size, np.inf, dtype=np.float32)
    caps[samples:] = -np.inf
    return np.empty(size, dtype=np.float32), caps


@njit(nogil=True, error_model="numpy")
def softmax(scores, at, samples, shares, caps):
    """The softmax of scores[at : at + samples] into the first of `shares`, which came with `caps` from `room`."""
    one, none, source, begin = np.float32(1), zeros(WIDE), scores, at
    if at + shares.size > scores.size:  # a whole vector would reach beyond the end
        for number in range(samples):
            shares[number] = scores[at + number]
        source, begin = shares, 0
    highest = smaller(load(source, begin, none), load(caps, 0, none))
    for block in range(WIDE, shares.size, WIDE):
        highest = larger(highest, smaller(load(source, begin + block, none), load(caps, block, none)))
    shift, total = -largest(highest), none
    for block in range(0, shares.size, WIDE):
        power = exponential(plus(smaller(load(source, begin + block, none), load(caps, block, none)), shift))
        store(shares, block, power)
        total = multiply_add(one, power, total)
    share = one / added(total)
    for block in range(0, shares.size, WIDE):
        store(shares, block, multiply_add(share, load(shares, block, none), none))


@njit(nogil=True, error_model="numpy")
def score_gradients(shares, gradients, at, samples):
    """Turns gradients[at : at + samples] of softmax's shares into those of its scores."""
    mean = np.float32(0)
    for number in range(samples):
        mean += shares[number] * gradients[at + number]
    for number in range(samples):
        gradients[at + number] = shares[number] * (gradients[at + number] - mean)
