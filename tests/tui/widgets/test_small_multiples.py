"""Small pictures in a grid that scrolls: the marked one is in view."""

from __future__ import annotations

import numpy as np

from nnfd.tui.widgets.small_multiples import Matrices, Matrix
from tests.support.waiting import until_async
from tests.support.widget_host import Host


def matrices(classes):
    counts = np.eye(classes, dtype=np.int64)
    names = tuple(map(str, range(classes)))
    return [Matrix(key, key, "test_acc 1", counts, names) for key in "ABCDE"]


def is_seen(view):
    """Whether all of the marked matrix is in view."""
    (item,) = view.query(".-chosen")
    return view.region.contains_region(item.region)


async def test_the_marked_one_stays_in_view_while_all_of_them_grow_until_the_user_scrolls():
    view = Matrices()
    async with Host(view).run_test(size=(40, 16)) as pilot:
        view.choose("C")
        view.show(matrices(2))
        await until_async(lambda: view.query(".-chosen") and is_seen(view))
        await pilot.pause()
        view.show(matrices(9))
        await until_async(lambda: view.virtual_size.height > 60)
        await until_async(lambda: is_seen(view))
        view.scroll_home(animate=False, immediate=True)
        height = view.virtual_size.height
        view.show(matrices(10))
        await until_async(lambda: view.virtual_size.height > height)
        await pilot.pause()
        assert view.scroll_y == 0
