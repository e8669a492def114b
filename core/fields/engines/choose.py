"""Who computes the time steps of a run: NumPy, or numba where it is there and pays."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nnfd.core.errors import ParamsError
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nnfd.core.fields.engines.kernel import Kernel
    from nnfd.core.params import FieldParams

AUTO_CELL_STEPS = 500_000_000
"""Cells times steps of a whole run from which ``engine = auto`` takes numba if it is there: about 4 s of NumPy. Below,
loading the compiled kernel takes longer than it saves."""


def chosen_engine(params: FieldParams) -> str:
    """Return ``numpy`` or ``numba``, resolving ``auto``; depends on the parameters and the installation alone.

    Raises
    ------
    ParamsError
        If numba is asked for and not installed.
    """
    installed = find_spec("numba") is not None
    if params.engine == "numba" and not installed:
        raise ParamsError("engine: numba is not installed: it comes with the extra 'fast' (nnfd-tui[fast])")
    if params.engine == "auto":
        long = params.width * params.height * params.steps >= AUTO_CELL_STEPS
        return "numba" if installed and long else "numpy"
    return params.engine


def make_kernel(
    params: FieldParams, fields: Mapping[str, NDArray[Any]], step: int = 0, given: Mapping[str, Any] | None = None
) -> Kernel:
    """Return the engine for these parameters, loaded with copies of `fields` after `step` steps.

    `given` is as for :class:`Kernel`. Raises as :func:`chosen_engine` does.
    """
    if chosen_engine(params) == "numba":
        from nnfd.core.fields.engines.numba_kernel import NumbaKernel

        return NumbaKernel(params, fields, step, given, wait=False)
    return NumpyKernel(params, fields, step, given)
