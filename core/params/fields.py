"""The parameters of the field runs: what every one has, and what its model adds."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self
from weakref import WeakValueDictionary

from annotated_types import Ge, Gt, Le
from pydantic import BeforeValidator, create_model, model_validator

from nnfd.core.errors import ParamsError
from nnfd.core.params import formula, parts, spreading, typeset, varying
from nnfd.core.params.base import LARGEST_SEED, MOST, DType, EngineChoice, Kind, Params, param, show_value
from nnfd.core.params.domain import SHAPES, WHOLE, Domain
from nnfd.core.params.model import FieldModel, ParameterTable, read_model, shipped_model
from nnfd.core.params.seeds import Seeds, check_seeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nnfd.core.params.dab import Dab
    from nnfd.core.params.varying import Varying

Boundary = Literal["periodic", "zero-flux"]
Stencil = Literal["5-point", "9-point"]
Method = Literal["euler", "rk4"]


class FieldParams(Params):
    """What every field run has: a grid, its edges, a clock and its seeds. :func:`params_of` adds those of a model."""

    model: ClassVar[FieldModel]
    may_vary: ClassVar[frozenset[str]] = frozenset()
    """The parameters that may be a formula in x, y and t, or a picture."""
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # noqa: ANN401  # a parameter of the model

    width: int = param(120, "Grid columns.", unit="cells", ge=3, le=8192)
    height: int = param(120, "Grid rows.", unit="cells", ge=3, le=8192)
    boundary: Boundary = param("periodic", "Edges: periodic wraps around, zero-flux lets nothing through.", live=True)
    stencil: Stencil = param(
        "5-point", "Laplacian: 5-point, or the isotropic 9-point, which keeps rings round.", live=True
    )
    domain: Domain = param(
        WHOLE, f"Where the fields are: none (the whole grid), {', '.join(SHAPES)}, or a picture (dark is inside)."
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
    engine: EngineChoice = param(
        "auto", "Who computes a step: numba needs the extra 'fast'; auto takes it for long runs if it is there."
    )

    @property
    def total(self) -> int:
        """Time steps to simulate."""
        return self.steps

    @property
    def varying(self) -> dict[str, Varying]:
        """Parameters that differ from place to place or from time to time."""
        texts = {name: value for name, value in self.values().items() if isinstance(value, str)}
        return {name: varying.parse(value) for name, value in texts.items() if name in self.may_vary}

    def ranges(self) -> dict[str, tuple[float, float]]:
        """Return least and greatest value of each parameter that varies, over the grid and the time of the run.

        Of a picture, what its black and its white stand for.
        """
        return {name: self._range(name, each) for name, each in self.varying.items()}

    def _range(self, name: str, each: Varying) -> tuple[float, float]:
        of = [names[name] for names in self._samples((), {name: each})]
        return (math.nan, math.nan) if any(map(math.isnan, of)) else (min(of), max(of))

    def settled(self) -> Self:
        """Return these parameters with the middle of its range for each that varies, where one number has to do.

        Of one that was painted, of what it was before: the middle of the values on both sides may be in no cell.
        """
        bases = {name: self._range(name, varying.base_of(each)) for name, each in self.varying.items()}
        return self.model_copy(update={name: (low + high) / 2 for name, (low, high) in bases.items()})

    def about(self, name: str) -> str:
        """Say between which values a parameter varies, and how an equation reads; nothing of anything else."""
        if (field := name.removeprefix(parts.EQUATION)) in self.model.fields:
            return typeset.equation(self.model, field)
        if name not in self.varying:
            return ""
        low, high = self.ranges()[name]
        return f"It goes from {low:.4g} to {high:.4g}."

    def _samples(self, trees: Iterable[formula.Tree], varies: Mapping[str, Varying]) -> Iterator[dict[str, float]]:
        return varying.samples(trees, varies, (self.width, self.height), self.steps * self.dt)

    def diffusion_constants(self) -> dict[str, float]:
        """Return the diffusion constant of each field, 0 for one that does not spread; the largest, if it varies."""
        terms = [spreading.Term(field, self.model.factor(field, "lap"), 1.0) for field in self.model.fields]
        return self._greatest(terms)

    def damping(self) -> dict[str, float]:
        """Return how fast spreading takes away the shortest wave of each field, in 1/time: 8 D with h = 1.

        Of derivatives of the field alone, with what holds no field before them; where and when it is fastest.
        """
        return self._greatest(spreading.terms(self.model, self.stencil))

    def _greatest(self, terms: Sequence[spreading.Term]) -> dict[str, float]:
        trees = [term.factor for term in terms]
        names = {part.name for tree in trees for part in formula.walk(tree) if isinstance(part, formula.Name)}
        varies = {name: each for name, each in self.varying.items() if name in names}
        numbers, fields = self.model.numbers(self.values()), self.model.fields
        found = [
            spreading.rates(terms, fields, partial(varying.number, names=here | numbers))
            for here in self._samples(trees, varies)
        ]
        if any(math.isnan(rate) for rates in found for rate in rates.values()):
            words = "there is no value for what stands before a derivative in the equations"
            raise ValueError(f"model.equations: {words} with these parameters")
        return {field: max(rates[field] for rates in found) for field in fields}

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

    # -- edits, of the equations too

    def edited(self, changes: Mapping[str, object], *, text: bool = False) -> Self:
        """Return a checked copy with `changes` applied, those of parts of the model among them.

        Such a part has a name of :mod:`nnfd.core.params.parts`. With it the copy is of another class, whose parameters
        keep their values.
        """
        of_model = {name: value for name, value in changes.items() if name.startswith(parts.PREFIX)}
        if not of_model:
            return super().edited(changes, text=text)
        made = params_of(_named(read_model(parts.table_with(self.model, of_model))))
        kept = {name: value for name, value in self.values().items() if name in made.model_fields}
        rest = {name: value for name, value in changes.items() if name not in of_model}
        return made.check({**kept, **rest}, text=text)  # type: ignore[return-value]  # as far as anybody asks of it

    # of two words, as all that is new here: a parameter of a model may have no name of this class

    def can_be_painted(self) -> tuple[str, ...]:
        """Return the parameters of the model that can be painted on while a run is under way."""
        return tuple(name for name, each in self.model.table.parameters.items() if each.live and not each.choices)

    def painted_with(self, name: str, dabs: Sequence[Dab]) -> Self:
        """Return these parameters with discs painted on one of them; unchecked. Of any other name: as they are."""
        if name not in self.may_vary:
            return self
        return self.model_copy(update={name: varying.painted(getattr(self, name), *dabs)})

    def changed(self, other: Params) -> dict[str, tuple[object, object]]:
        """Return ``{name: (value here, value in other)}`` for all that differs: parts of the model, parameters."""
        found = super().changed(other)
        if isinstance(other, FieldParams) and other.model is not self.model:
            return {**parts.differing(self.model, other.model), **found}
        return found

    def needs_restart(self, other: Params) -> list[str]:
        """Return the parameters and parts of the model that differ and that a running run cannot take."""
        infos, theirs = self.infos(), other.values()
        return [
            name
            for name, (mine, yours) in self.changed(other).items()
            if not (infos[name].live or name not in theirs if name in infos else parts.is_live(name, mine, yours))
        ]

    def has_fields_of(self, other: type[Params]) -> bool:
        """Tell whether an edit of the equations may lead from these parameters to those of the other model, or back."""
        return issubclass(other, FieldParams) and other.model.fields == self.model.fields

    def check_live_edit(self, new: Params) -> None:
        """Raise :class:`ParamsError` unless a running run can go from these parameters to `new`."""
        if not isinstance(new, FieldParams) or not self.has_fields_of(type(new)):
            if new.kind is self.kind:
                raise ParamsError("model: other equations are not allowed in a running run but with the same fields")
            super().check_live_edit(new)
        elif fixed := self.needs_restart(new):
            raise self.not_live(fixed[0], new.values().get(fixed[0], parts.parts_of(new.model).get(fixed[0])))

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        varying.check_dabs(self.varying, self.width, self.height)
        for name, (low, high) in self.ranges().items():
            self.check_range(name, low, high)
        self.check_damping(self.damping())
        check_seeds(self.seeds, self.width, self.height)
        return self

    def check_range(self, name: str, low: float, high: float) -> None:
        """Raise ``ValueError`` unless a parameter that varies may go from `low` to `high`."""
        value, table = show_value(self.values()[name]), self.model.table.parameters.get(name, _NOISE)
        if not math.isfinite(low + high):
            raise ValueError(f"{name}: {value} is not allowed: it has no finite value somewhere")
        if not (table.allows(low) and table.allows(high)):
            allowed = type(self).infos()[name].allowed
            raise ValueError(
                f"{name}: {value} is not allowed: it goes from {low:.4g} to {high:.4g} (allowed: {allowed})"
            )

    def check_damping(self, damping: Mapping[str, float]) -> None:
        """Raise ``ValueError`` if dt is too long for waves that spreading takes away at these rates."""
        field = max(damping, key=damping.__getitem__)
        fastest = damping[field]
        if fastest > 0 and self.dt > 2 / fastest:
            factor, constant = self.model.factor(field, "lap"), self.diffusion_constants()[field]
            named = factor.name if isinstance(factor, formula.Name) else f"the diffusion constant of {field}"
            much = f"up to {constant:.4g}" if named in self.varying else f"= {show_value(constant)}"
            what = f"{named} {much}" if constant > 0 else f"the derivatives of {field}"
            raise ValueError(
                f"dt: {show_value(self.dt)} is not allowed: the {self.stencil} stencil with {what} "
                f"is stable up to dt = {2 / fastest:g}"
            )


def _declared(table: ParameterTable) -> tuple[Any, Any]:
    if table.choices:
        return Literal[tuple(table.choices)], param(table.default, table.help, unit=table.unit, live=table.live)
    bounds = ((Ge, table.min), (Gt, table.above), (Le, table.max))
    rules = [bound(value) for bound, value in bounds if value is not None]
    number = Annotated[float, *rules] if rules else float
    kind = Annotated[number | str, BeforeValidator(varying.read)]  # type: ignore[valid-type]  # a number, or a text
    return kind, param(table.default, table.help, unit=table.unit, live=table.live, more=table.more)


_NOISE = ParameterTable(default=0.0, min=0, live=False, help="Height of the uniform noise added to the start.")
_alive: WeakValueDictionary[FieldModel, type[FieldParams]] = WeakValueDictionary()
"""The class of each model that somebody has parameters of: while equations are typed there are many, for a moment."""


@lru_cache(maxsize=64)
def params_of(model: FieldModel) -> type[FieldParams]:
    """Return the class of the parameters of a model: those of every field run, then its own.

    There is one for each model, as long as anything uses it.

    Raises
    ------
    ParamsError
        If a parameter has a name that stands for something else already.
    """
    if (there := _alive.get(model)) is not None:
        return there
    for name in model.table.parameters:
        if hasattr(FieldParams, name) or name in FieldParams.model_fields or name.startswith("model_"):
            raise ParamsError(f"model.parameters: {name!r} is taken already")
    name = f"{(model.name or 'own').capitalize()}Params"
    tables = model.table.parameters
    tables = tables if "noise" in tables else {**tables, "noise": _NOISE}
    own: dict[str, Any] = {name: _declared(table) for name, table in tables.items()}
    made: type[FieldParams] = create_model(name, __base__=FieldParams, __module__=__name__, **own)
    made.model = model
    made.may_vary = frozenset(name for name, table in tables.items() if not table.choices)
    made.kind = Kind(model.name) if model.name else Kind.FUR
    _alive[model] = made
    return made


def _named(model: FieldModel) -> FieldModel:
    """Return the model of a kind of its own if this is the same: an edit that is undone leaves no trace."""
    own = (shipped_model(kind) for kind in (Kind.FUR, Kind.DIFFUSION, Kind.TURING))
    return next((shipped for shipped in own if shipped.table == model.table), model)


def _restored(name: str, table: dict[str, Any], values: dict[str, Any]) -> FieldParams:
    return params_of(read_model(table, name)).check(values)


FurParams = params_of(shipped_model("fur"))
DiffusionParams = params_of(shipped_model("diffusion"))
TuringParams = params_of(shipped_model("turing"))
