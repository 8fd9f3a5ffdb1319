"""Which samples are held out: the same ones at every run, whatever the run's seed is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data.checks import class_indices
from edgewright.pipeline.data.samples import Array, IntArray
from edgewright.pipeline.data.settings import Validation
from edgewright.pipeline.errors import DataError

HOLD_OUT_SEED = 0
Mask = npt.NDArray[np.bool_]


def hold_out(y: Array | None, count: int, groups: Array | None, validation: Validation, origin: str) -> Mask:
    """Choose training samples for the validation split.

    Where the targets look like classes, each class is held out in the same share, and a sample of each one stays.

    Args:
        y: (count, …) first targets of the training samples, or None.
        count: of the training samples.
        groups: (count,) the group of each sample, or None.
        validation: how many, and whether by group.
        origin: what the user gave, for messages.

    Returns:
        (count,) true for what is held out, at least one sample.

    Raises:
        DataError: nothing can be held out, or the groups are missing or misshapen.
    """
    classes = _find_classes(y)
    classes = np.zeros(count, np.int64) if classes is None else classes
    if validation.by == "group":
        return _choose_groups(classes, _check_groups(groups, count, origin), validation.share, origin)
    chosen = choose_of_each_class(classes, validation.share)
    if not chosen.any():
        raise DataError(
            f"{origin}: has one training sample of each class, of which none can be held out for validation; give "
            "more samples, or x_val and y_val."
        )
    return chosen


def choose_of_each_class(classes: IntArray, share: float) -> Mask:
    """Choose the same share of each class at random, to the nearest sample in total.

    Args:
        classes: (N,) class indices.
        share: of the samples, 0 to 1.

    Returns:
        (N,) true for what was chosen: at least one, and never all of a class; none where each class is a single one.
    """
    _, members, counts = np.unique(classes, return_inverse=True, return_counts=True)
    wanted = counts * share
    taken = np.minimum(np.floor(wanted).astype(np.int64), counts - 1)
    missing = max(1, round(len(classes) * share)) - int(taken.sum())
    for index in np.argsort(taken - wanted, kind="stable"):  # the largest remainders first
        if missing > 0 and taken[index] < counts[index] - 1:
            taken[index] += 1
            missing -= 1
    chosen = np.zeros(len(classes), np.bool_)
    generator = np.random.default_rng(HOLD_OUT_SEED)
    for index, number in enumerate(taken):
        chosen[generator.permutation(np.flatnonzero(members == index))[:number]] = True
    return chosen


def _find_classes(y: Array | None) -> IntArray | None:
    """Return the classes that targets look like, or None: few different ones, or 0, 1, 2 and so on."""
    if y is None or y.ndim > 2:
        return None
    try:
        classes = class_indices(y, "y", "")
    except DataError:
        return None
    different = np.unique(classes)
    is_few = 2 * len(different) <= len(classes) or bool((different == np.arange(len(different))).all())
    return classes if is_few else None


def _check_groups(groups: Array | None, count: int, origin: str) -> Array:
    if groups is None:
        raise DataError(
            f'{origin}: has no groups_train, which by = "group" under [validation] needs; give (N,) a group for each '
            'training sample, or by = "sample".'
        )
    if groups.shape != (count,) or groups.dtype.kind not in "iubUSf":
        raise DataError(
            f"{origin}: groups_train has the shape {groups.shape} and the dtype {groups.dtype}; give ({count},) a "
            "number or a name for each training sample."
        )
    if len(np.unique(groups)) < 2:
        raise DataError(
            f"{origin}: groups_train has one group alone, which cannot be held out; give more groups, or by = "
            '"sample" under [validation].'
        )
    return groups


def _choose_groups(classes: IntArray, groups: Array, share: float, origin: str) -> Mask:
    """Take whole groups, in random order, as long as each brings every class nearer to its share."""
    _, group_of, group_sizes = np.unique(groups, return_inverse=True, return_counts=True)
    _, class_of, class_sizes = np.unique(classes, return_inverse=True, return_counts=True)
    table = np.zeros((len(group_sizes), len(class_sizes)), np.int64)
    np.add.at(table, (group_of, class_of), 1)
    wanted = class_sizes * share

    def distance(counts: IntArray) -> float:
        return float(((counts - wanted) ** 2).sum())

    order = np.random.default_rng(HOLD_OUT_SEED).permutation(len(table))
    possible = [index for index in order if (table[index] < class_sizes).all()]
    if not possible:
        raise DataError(
            f"{origin}: each group of groups_train holds all samples of some class, so none can be held out; give "
            'more groups, x_val and y_val, or by = "sample" under [validation].'
        )
    held: IntArray = np.zeros(len(class_sizes), np.int64)
    chosen: list[int] = []
    for index in possible:
        together = held + table[index]
        if distance(together) < distance(held) and (together < class_sizes).all():
            held, chosen = together, [*chosen, index]
    chosen = chosen or [min(possible, key=lambda index: distance(table[index]))]
    mask: Mask = np.isin(group_of, chosen)
    return mask
