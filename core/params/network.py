"""The parameters of a network run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field

from nnfd.core.errors import ParamsError
from nnfd.core.params.base import LARGEST_SEED, MOST, DType, EngineChoice, Kind, Params, param

if TYPE_CHECKING:
    from collections.abc import Mapping

ActivationName = Literal["relu", "tanh", "sigmoid"]
OptimizerName = Literal["sgd", "adam"]
TrainMetrics = Literal["full", "sample", "running"]
Schedule = Literal["constant", "exponential", "step", "cosine"]


def split_list(value: object) -> object:
    """Read ``128,64`` or ``128 64`` (a flag, a form) as a tuple; leave anything else as it is."""
    if isinstance(value, str):
        return tuple(part for part in value.replace(",", " ").split())
    return tuple(value) if isinstance(value, list) else value


def split_names(value: object) -> object:
    """Read ``a,b`` (a flag, a form) as a tuple of names, ``none`` as an empty one; leave anything else as it is."""
    if isinstance(value, str):
        return () if value.strip() == "none" else tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def yes_or_no(value: object) -> object:
    """Read a truth value, as a flag gives it, as the word."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def auto_is_none(value: object) -> object:
    """Read the word ``auto`` (a flag, a form) as None."""
    return None if isinstance(value, str) and value.strip().lower() in {"auto", ""} else value


LayerSizes = Annotated[
    tuple[Annotated[int, Field(ge=1, le=16384)], ...], Field(min_length=1, max_length=1000), BeforeValidator(split_list)
]
Names = Annotated[tuple[str, ...], BeforeValidator(split_names)]
AutoNames = Annotated[tuple[str, ...] | None, BeforeValidator(split_names), BeforeValidator(auto_is_none)]
YesNo = Annotated[Literal["auto", "yes", "no"], BeforeValidator(yes_or_no)]
AutoScale = Annotated[float | None, BeforeValidator(auto_is_none)]
AutoSeed = Annotated[int | None, BeforeValidator(auto_is_none)]


class NetworkParams(Params):
    """A multi-layer perceptron and how it is trained. The defaults are the course's main run."""

    kind: ClassVar[Kind] = Kind.NETWORK

    dataset: str = param(
        "digits",
        "Data: digits, iris, wine, breast_cancer; points in the plane: moons, circles, blobs, xor, spirals; or a path "
        "to a CSV, .csv.gz or NPZ file.",
        min_length=1,
    )
    label: str = param(
        "auto", "Label column of a CSV, label array of an NPZ; auto: 'label' or 'y', else the last column."
    )
    drop: AutoNames = param(
        None,
        "Columns to leave out; auto: none, but one that looks like an index or like the answer is refused; "
        "none: keep all.",
    )
    header: YesNo = param("auto", "Whether line 1 of a CSV names the columns; auto: refused if it holds numbers.")
    categorical: Names = param((), "Text columns of a CSV to read as one feature a word.")
    samples: int = param(500, "Points of moons, circles, blobs, xor, spirals.", unit="samples", ge=60, le=1_000_000)
    noise: float = param(
        0.1, "Standard deviation of what moves these points from their place; classes are about 1 apart.", ge=0, le=100
    )
    data_seed: int = param(42, "Seed of these points.", ge=0, le=2**32 - 1)
    hidden: LayerSizes = param((128,), "Sizes of the hidden layers, for example 128,64.")
    activation: ActivationName = param("relu", "Activation of the hidden layers.")
    weight_scale: AutoScale = param(
        None, "Standard deviation of the first weights; auto: He for relu, Xavier for tanh and sigmoid.", gt=0
    )
    optimizer: OptimizerName = param("sgd", "Rule that turns gradients into weight updates.")
    lr: float = param(0.01, "Learning rate, before the schedule scales it.", live=True, gt=0)
    momentum: float = param(
        0.9, "Share of the last update kept (sgd), or of the mean gradient (adam).", live=True, ge=0, lt=1
    )
    nesterov: bool = param(False, "Look ahead along the momentum before taking the gradient step (sgd).", live=True)
    l2: float = param(1e-4, "Weight decay: the loss gains l2/2 times the sum of all squared weights.", live=True, ge=0)
    dropout: float = param(0.0, "Share of hidden units silenced in each training batch.", live=True, ge=0, lt=1)
    batch_norm: bool = param(False, "Normalise each hidden layer over the batch before its activation.")
    schedule: Schedule = param("exponential", "How the learning rate changes from epoch to epoch.", live=True)
    lr_decay: float = param(
        0.995,
        "Factor on the learning rate: each epoch (exponential), each step_epochs (step).",
        live=True,
        gt=0,
        le=1,
    )
    step_epochs: int = param(
        20, "Epochs between two steps of the step schedule.", unit="epochs", live=True, ge=1, le=MOST
    )
    warmup: int = param(
        0, "Epochs of linear warm-up before the cosine schedule.", unit="epochs", live=True, ge=0, le=MOST
    )
    epochs: int = param(60, "Epochs to train at the most.", unit="epochs", live=True, ge=1, le=10_000_000)
    batch_size: int = param(
        64, "Samples a batch; the last one of an epoch may be smaller.", unit="samples", live=True, ge=1, le=MOST
    )
    patience: int = param(
        8,
        "Epochs without a better validation loss before training stops; 0: never.",
        unit="epochs",
        live=True,
        ge=0,
        le=MOST,
    )
    seed: int = param(42, "Seed of the first weights, the batch order and the dropout masks.", ge=0, le=LARGEST_SEED)
    shuffle_seed: AutoSeed = param(
        None, "Seed of the batch order and dropout alone; auto: from seed.", ge=0, le=LARGEST_SEED
    )
    dtype: DType = param("float64", "Floating-point type of the arithmetic.")
    train_metrics: TrainMetrics = param(
        "full",
        "What the training loss and accuracy are of: the full set after each epoch; a sample of 5,000 of it; or its "
        "batches as they were trained on (running), which costs nothing.",
    )
    engine: EngineChoice = param(
        "auto", "Who trains: numba needs the extra 'fast'; auto takes it for long runs if it is there."
    )

    @classmethod
    def kept(cls, values: Mapping[str, object]) -> Self:
        """Build what a run has kept; the version before took all columns of a file, and line 1 for their names."""
        values = dict(values)  # whatever the file holds
        dataset = str(values.get("dataset", "")).lower()
        if "header" not in values and dataset.endswith((".csv", ".npz")):
            values = {**values, "drop": "none", **({"header": "yes"} if dataset.endswith(".csv") else {})}
        return cls.check(values)

    def check_batches(self) -> None:
        """Raise :class:`ParamsError` if batches of one would be normalised: all is 0 then, nothing is learnt."""
        if self.batch_norm and self.batch_size == 1:
            raise ParamsError(
                "batch_size: 1 is not allowed with batch_norm: one sample has no variance to normalise by, so that "
                "nothing would be learnt; at least 2"
            )

    def check_live_edit(self, new: Params) -> None:
        """Raise :class:`ParamsError` unless a running run can go from these parameters to `new`."""
        super().check_live_edit(new)
        if isinstance(new, NetworkParams):
            new.check_batches()

    @property
    def train_label(self) -> str:
        """What a curve of the training figures is called: they may be of less than all of the set."""
        return "train" if self.train_metrics == "full" else f"train ({self.train_metrics})"

    @property
    def stream_seed(self) -> int:
        """Seed of the batch order and the dropout masks."""
        return self.seed if self.shuffle_seed is None else self.shuffle_seed

    @property
    def total(self) -> int:
        """Epochs to train at the most."""
        return self.epochs
