"""The parameters of the field runs: what every one has, and what its model adds."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, create_model, model_validator

from nnfd.core.errors import ParamsError
from nnfd.core.params import formula
from nnfd.core.params.base import LARGEST_SEED, MOST, DType, Kind, Params, param, show_value
from nnfd.core.params.model import FieldModel, ParameterTable, read_model, shipped_model

Boundary = Literal["periodic", "zero-flux"]
Stencil = Literal["5-point", "9-point"]
Engine = Literal["auto", "numpy", "numba"]
Method = Literal["euler", "rk4"]

SHORTEST_WAVE = {"5-point": 8.0, "9-point": 16 / 3}
"""Minus the largest eigenvalue of the Laplacian; explicit Euler is stable while dt times the rate is at most 2."""


def read_seeds(value: object) -> object:
    """Read ``12`` (count), ``0.004`` (density), ``3,4;10,20`` (cells) or a path; lists become tuples."""
    if isinstance(value, list):
        return tuple(tuple(cell) if isinstance(cell, list) else cell for cell in value)
    if not isinstance(value, str):
        return value
    for read in (int, float, _read_cells):
        try:
            return read(value)
        except ValueError:
            continue
    return value


def _read_cells(text: str) -> tuple[tuple[int, int], ...]:
    cells = [tuple(int(number) for number in cell.split(",")) for cell in text.split(";")]
    if any(len(cell) != 2 for cell in cells):
        raise ValueError(text)
    return tuple((cell[0], cell[1]) for cell in cells)


Seeds = Annotated[int | float | tuple[tuple[int, int], ...] | str, BeforeValidator(read_seeds)]
"""A count of random cells, a density below 1, a list of (x, y) cells, or the path of a picture with dark seeds."""


class FieldParams(Params):
    """What every field run has: a grid, its edges, a clock and its seeds. :func:`params_of` adds those of a model."""

    model: ClassVar[FieldModel]
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # noqa: ANN401  # a parameter of the model

    width: int = param(120, "Grid columns.", unit="cells", ge=3, le=8192)
    height: int = param(120, "Grid rows.", unit="cells", ge=3, le=8192)
    boundary: Boundary = param("periodic", "Edges: periodic wraps around, zero-flux lets nothing through.", live=True)
    stencil: Stencil = param(
        "5-point", "Laplacian: 5-point, or the isotropic 9-point, which keeps rings round.", live=True
    )
    seeds: Seeds = param(0, "Seeded cells: a count, a density below 1, cells as x,y;x,y, or a picture (dark is seed).")
    seed_value: float = param(2.0, "Value planted in each seeded cell.", ge=0)
    dt: float = param(1.0, "Time step.", unit="time", live=True, gt=0)
    method: Method = param(
        "euler", "Time stepping: explicit Euler, or the classical Runge-Kutta of order 4.", live=True
    )
    steps: int = param(6000, "Time steps to simulate.", unit="steps", live=True, ge=1, le=MOST)
    clip: float = param(
        1000.0,
        "Upper bound of every field; the lower one is 0, or -clip where a model has negative values.",
        live=True,
        gt=0,
        le=1e9,
    )
    seed: int = param(42, "Seed of the random start.", ge=0, le=LARGEST_SEED)
    dtype: DType = param("float64", "Floating-point type of the arithmetic.")
    engine: Engine = param(
        "auto", "Who computes a step: numba needs the extra 'fast'; auto takes it for long runs if it is there."
    )

    @property
    def total(self) -> int:
        """Time steps to simulate."""
        return self.steps

    def diffusion_constants(self) -> dict[str, float]:
        """Return the diffusion constant of each field, 0 for one that does not spread."""
        return self._factors("lap")

    def _factors(self, *derivatives: str) -> dict[str, float]:
        numbers, model = self.model.numbers(self.values()), self.model
        try:
            return {f: float(formula.evaluate(model.factor(f, *derivatives), numbers)) for f in model.fields}
        except (ArithmeticError, ValueError):
            words = "there is no value for what stands before a derivative in the equations"
            raise ValueError(f"model.equations: {words} with these parameters") from None

    def damping(self) -> dict[str, float]:
        """Return how fast spreading takes away the shortest wave of each field, in 1/time: 8 D with h = 1.

        Of derivatives of the field alone, with constants before them.
        """
        shortest = SHORTEST_WAVE[self.stencil]
        eigenvalues = {("lap",): shortest, ("lap", "lap"): -(shortest**2), ("dxx",): 4.0, ("dyy",): 4.0}
        rates = dict.fromkeys(self.model.fields, 0.0)
        for derivatives, eigenvalue in eigenvalues.items():
            for field, factor in self._factors(*derivatives).items():
                rates[field] += factor * eigenvalue
        return rates

    def dt_limit(self) -> float:
        """Largest stable time step of explicit Euler with h = 1, infinite without diffusion."""
        fastest = max(self.damping().values())
        return 2 / fastest if fastest > 0 else float("inf")

    @property
    def floor(self) -> float:
        """Lower bound of every field."""
        return -self.clip if self.model.signed else 0.0

    def __reduce__(self) -> tuple[Any, ...]:
        # the class of a model that came with a preset is in no module: it is made again from the model
        return _restored, (self.model.name, self.model.written(), self.values())

    def check_live_edit(self, new: Params) -> None:
        """Raise :class:`ParamsError` unless a running run can go from these parameters to `new`."""
        if isinstance(new, FieldParams) and new.kind is self.kind and new.model is not self.model:
            raise ParamsError("model: other equations are not allowed in a running run: they need a restart")
        super().check_live_edit(new)

    @model_validator(mode="after")
    def _check_stability(self) -> Self:
        limit = self.dt_limit()
        if self.dt > limit:
            damping = self.damping()
            field = max(damping, key=damping.__getitem__)
            factor, constant = self.model.factor(field, "lap"), self.diffusion_constants()[field]
            named = factor.name if isinstance(factor, formula.Name) else f"the diffusion constant of {field}"
            what = f"{named} = {show_value(constant)}" if constant > 0 else f"the derivatives of {field}"
            raise ValueError(
                f"dt: {show_value(self.dt)} is not allowed: the {self.stencil} stencil with {what} "
                f"is stable up to dt = {limit:g}"
            )
        return self

    @model_validator(mode="after")
    def _check_seeds(self) -> Self:
        seeds = self.seeds
        if isinstance(seeds, tuple):
            for x, y in seeds:
                if not (0 <= x < self.width and 0 <= y < self.height):
                    raise ValueError(
                        f"seeds: cell {x},{y} is not allowed: x is 0 to {self.width - 1}, y is 0 to {self.height - 1}"
                    )
        elif isinstance(seeds, float) and not 0 <= seeds < 1:
            raise ValueError(f"seeds: {show_value(seeds)} is not allowed: a density is at least 0 and below 1")
        elif isinstance(seeds, int) and not 0 <= seeds <= self.width * self.height:
            raise ValueError(f"seeds: {seeds} is not allowed: a count is 0 to {self.width * self.height}")
        return self


def _declared(table: ParameterTable) -> tuple[Any, Any]:
    if table.choices:
        return Literal[tuple(table.choices)], param(table.default, table.help, unit=table.unit, live=table.live)
    bounds = {
        key: value for key, value in (("ge", table.min), ("gt", table.above), ("le", table.max)) if value is not None
    }
    return float, param(table.default, table.help, unit=table.unit, live=table.live, **bounds)


_NOISE = ParameterTable(default=0.0, min=0, live=False, help="Height of the uniform noise added to the start.")


@cache
def params_of(model: FieldModel) -> type[FieldParams]:
    """Return the class of the parameters of a model: those of every field run, then its own.

    Raises
    ------
    ParamsError
        If a parameter has a name that stands for something else already.
    """
    for name in model.table.parameters:
        if hasattr(FieldParams, name) or name in FieldParams.model_fields or name.startswith("model_"):
            raise ParamsError(f"model.parameters: {name!r} is taken already")
    name = f"{(model.name or 'own').capitalize()}Params"
    tables = model.table.parameters
    tables = tables if "noise" in tables else {**tables, "noise": _NOISE}
    own: dict[str, Any] = {name: _declared(table) for name, table in tables.items()}
    made: type[FieldParams] = create_model(name, __base__=FieldParams, __module__=__name__, **own)
    made.model = model
    made.kind = Kind(model.name) if model.name else Kind.FUR
    return made


def _restored(name: str, table: dict[str, Any], values: dict[str, Any]) -> FieldParams:
    return params_of(read_model(table, name)).check(values)


FurParams = params_of(shipped_model("fur"))
DiffusionParams = params_of(shipped_model("diffusion"))
TuringParams = params_of(shipped_model("turing"))
