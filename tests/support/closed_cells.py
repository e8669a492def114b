"""Patches that lines enclose, as in a giraffe's coat."""

import numpy as np
from scipy import ndimage

from nnfd.core.fields.analysis import otsu


def closed_cells(field, smallest=12):
    """Return the number of regions above Otsu's threshold that end everywhere at a line; edges are periodic.

    Of a grid of 3 x 3 copies, a region that goes round reaches the edge; one that does not has its first cell once in
    the copy in the middle.
    """
    height, width = field.shape
    labels, _ = ndimage.label(np.tile(field > otsu(field), (3, 3)))
    numbers, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    row, column = np.divmod(first, 3 * width)
    here = (row // height == 1) & (column // width == 1) & (numbers > 0) & (sizes >= smallest)
    at_edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return int(np.setdiff1d(numbers[here], at_edge).size)
