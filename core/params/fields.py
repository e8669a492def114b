"""The parameters of the field runs: fur, plain diffusion, activator-inhibitor."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, model_validator

from nnfd.core.params.base import DType, Kind, Params, param, show_value

Boundary = Literal["periodic", "zero-flux"]
Stencil = Literal["5-point", "9-point"]
Engine = Literal["auto", "numpy", "numba"]
Coupling = Literal["course", "published"]

# dt * max(D) may not exceed h^2 times this: 2 over the largest eigenvalue of the stencil (8, and 16/3 for the 9-point)
DIFFUSION_NUMBER_LIMIT = {"5-point": 0.25, "9-point": 0.375}


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
    """What every field run has: a grid, its edges, a clock and its seeds."""

    width: int = param(120, "Grid columns.", unit="cells", ge=3, le=8192)
    height: int = param(120, "Grid rows.", unit="cells", ge=3, le=8192)
    boundary: Boundary = param("periodic", "Edges: periodic wraps around, zero-flux lets nothing through.", live=True)
    stencil: Stencil = param(
        "5-point", "Laplacian: 5-point, or the isotropic 9-point, which keeps rings round.", live=True
    )
    seeds: Seeds = param(0, "Seeded cells: a count, a density below 1, cells as x,y;x,y, or a picture (dark is seed).")
    seed_value: float = param(2.0, "Value planted in each seeded cell.", ge=0)
    dt: float = param(1.0, "Time step.", unit="time", live=True, gt=0)
    steps: int = param(6000, "Time steps to simulate.", unit="steps", live=True, ge=1, le=10**12)
    clip: float = param(1000.0, "Upper bound of every field; the lower bound is 0.", live=True, gt=0, le=1e9)
    seed: int = param(42, "Seed of the random start.", ge=0)
    dtype: DType = param("float64", "Floating-point type of the arithmetic.")
    engine: Engine = param(
        "auto", "Who computes a step: numba needs the extra 'fast'; auto takes it for long runs if it is there."
    )

    @property
    def total(self) -> int:
        """Time steps to simulate."""
        return self.steps

    def diffusion_constants(self) -> dict[str, float]:
        """Return the diffusion constants by parameter name."""
        return {name: value for name, value in self.values().items() if name == "D" or name.startswith("D_")}

    def dt_limit(self) -> float:
        """Largest stable time step of explicit Euler with h = 1, infinite without diffusion."""
        largest = max(self.diffusion_constants().values())
        return DIFFUSION_NUMBER_LIMIT[self.stencil] / largest if largest else float("inf")

    @model_validator(mode="after")
    def _check_stability(self) -> Self:
        limit = self.dt_limit()
        if self.dt > limit:
            name, largest = max(self.diffusion_constants().items(), key=lambda item: item[1])
            raise ValueError(
                f"dt: {show_value(self.dt)} is not allowed: the {self.stencil} stencil with "
                f"{name} = {show_value(largest)} is stable up to dt = {limit:g}"
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


class FurParams(FieldParams):
    """Activator a, substrate s and marker y: the fur model of Koch and Meinhardt (1994). Defaults: the course's set."""

    kind: ClassVar[Kind] = Kind.FUR

    D_a: float = param(0.01, "Diffusion of the activator a.", unit="cells²/time", live=True, ge=0)
    D_s: float = param(0.1, "Diffusion of the substrate s.", unit="cells²/time", live=True, ge=0)
    rho_a: float = param(0.05, "Production and decay rate of a.", unit="1/time", live=True, ge=0)
    rho_s: float = param(0.0035, "Rate at which a uses up s.", unit="1/time", live=True, ge=0)
    rho_y: float = param(0.03, "Self-activation rate of y.", unit="1/time", live=True, ge=0)
    mu_s: float = param(0.003, "Decay rate of s.", unit="1/time", live=True, ge=0)
    mu_y: float = param(0.003, "Decay rate of y.", unit="1/time", live=True, ge=0)
    sigma_s: float = param(0.0075, "Supply of s.", unit="1/time", live=True, ge=0)
    sigma_y: float = param(0.00007, "Strength of the push that a gives to y.", unit="1/time", live=True, ge=0)
    kappa_a: float = param(0.5, "Saturation of a's production.", live=True, ge=0)
    kappa_s: float = param(0.3, "How much y holds back the supply of s.", live=True, ge=0)
    kappa_y: float = param(22.0, "Saturation of y's self-activation.", live=True, ge=0)
    y_coupling: Coupling = param(
        "course",
        "Sign of sigma_y*a: the course prints minus (y never switches on), the published model has plus.",
        live=True,
    )
    s0: float = param(2.5, "Start value of s; 2 to 5 are of interest.", ge=0)
    noise: float = param(0.01, "Height of the uniform noise added to the start of each field.", ge=0)


class DiffusionParams(FieldParams):
    """Plain 2D diffusion of one field C, the course's first part."""

    kind: ClassVar[Kind] = Kind.DIFFUSION

    D: float = param(0.16, "Diffusion constant (the course writes it 2 * 0.08).", unit="cells²/time", live=True, ge=0)
    background: float = param(3.0, "Start value of every cell that is not seeded.", ge=0)
    noise: float = param(0.0, "Height of the uniform noise added to the start.", ge=0)


class TuringParams(FieldParams):
    """Activator a and inhibitor h, equation 1 of Koch and Meinhardt (1994)."""

    kind: ClassVar[Kind] = Kind.TURING

    D_a: float = param(0.005, "Diffusion of the activator a.", unit="cells²/time", live=True, ge=0)
    D_h: float = param(0.2, "Diffusion of the inhibitor h.", unit="cells²/time", live=True, ge=0)
    rho_a: float = param(0.01, "Production rate of a.", unit="1/time", live=True, gt=0)
    rho_h: float = param(0.02, "Production rate of h.", unit="1/time", live=True, gt=0)
    mu_a: float = param(0.01, "Decay rate of a.", unit="1/time", live=True, gt=0)
    mu_h: float = param(0.02, "Decay rate of h.", unit="1/time", live=True, gt=0)
    kappa_a: float = param(0.0, "Saturation of a's production: 0 gives spots, 0.25 stripes.", live=True, ge=0)
    noise: float = param(0.01, "Height of the uniform noise around the uniform state.", ge=0)
