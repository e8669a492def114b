"""What is looked at before a run begins or goes on, and why a run diverged."""

import dataclasses
import io

import numpy as np
import pytest

from nnfd.core.engine.events import EpochDone, Notice, Outcome
from nnfd.core.errors import DataError, ParamsError
from nnfd.core.network.batchnorm import BatchNorm
from nnfd.core.network.branch import branch_state
from nnfd.core.network.checks import check_data_file, check_same_data, memory_needed
from nnfd.core.network.data import load
from nnfd.core.network.mlp import MLP
from nnfd.core.network.state import NetworkState
from nnfd.core.network.train import BLEW_UP, train
from nnfd.core.params import NetworkParams

SMALL = {"dataset": "iris", "hidden": (8,), "batch_size": 16, "epochs": 4, "patience": 0}


def run(params, data=None, state=None):
    """Return the events of a run and its result."""
    events, generator = [], train(params, data or load(params), state)
    try:
        while True:
            events.append(next(generator))
    except StopIteration as stop:
        return events, stop.value


class TestBatchesOfOne:
    def test_are_refused_with_batch_norm(self):
        with pytest.raises(ParamsError, match=r"^batch_size: 1 is not allowed with batch_norm: .* at least 2$"):
            run(NetworkParams(**SMALL | {"batch_norm": True, "batch_size": 1}))

    def test_so_is_an_edit_to_one(self):
        params = NetworkParams(**SMALL, batch_norm=True)
        with pytest.raises(ParamsError, match=r"^batch_size: 1 is not allowed with batch_norm"):
            params.check_live_edit(params.edited({"batch_size": 1}))
        plain = NetworkParams(**SMALL)
        plain.check_live_edit(plain.edited({"batch_size": 1}))

    @pytest.mark.parametrize(
        ("batch_norm", "lengths"), [(True, [26, 26, 27]), (False, [26, 26, 26, 1])], ids=["norm", "plain"]
    )
    def test_a_last_one_joins_the_batch_before(self, batch_norm, lengths, monkeypatch):
        seen = []
        forward = MLP.forward

        def counted(self, X, training=False, rng=None):
            if training:
                seen.append(len(X))
            return forward(self, X, training, rng)

        monkeypatch.setattr(MLP, "forward", counted)
        data = load(NetworkParams(dataset="iris"))
        data = dataclasses.replace(data, X_train=data.X_train[:79], y_train=data.y_train[:79])
        run(NetworkParams(**SMALL | {"batch_norm": batch_norm, "batch_size": 26, "epochs": 1}), data)
        assert seen == lengths

    def test_with_batch_norm_a_single_sample_gives_no_gradient(self):
        # why they are refused
        views = [np.ones(3) for _ in range(6)]
        norm = BatchNorm(*views)
        z, z_hat = np.array([[5.0, -2.0, 7.0]]), np.empty((1, 3))
        norm.forward(z, z_hat, training=True)
        d = np.ones((1, 3))
        norm.backward(d, z_hat, np.empty((1, 3)), training=True)
        assert not z.any()
        assert not d.any()


class TestBlame:
    def message(self, params, data=None) -> str:
        _, result = run(params, data)
        assert result.outcome is Outcome.DIVERGED
        assert "\n" not in result.message
        return result.message

    def test_of_the_learning_rate(self):
        message = self.message(NetworkParams(**SMALL, lr=1e6))
        assert "try a smaller learning rate (lr is 1e+06)" in message
        assert "weight_scale" not in message

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_of_the_first_weights(self, dtype):
        message = self.message(NetworkParams(**SMALL, weight_scale=1e6, dtype=dtype))
        assert "the first weights are too large: before any update they give values up to" in message
        assert "try a smaller weight_scale (it is 1e+06; auto takes 0.5 to 0.707)" in message
        assert "learning rate" not in message

    @pytest.mark.parametrize(("part", "said"), [("X_train", "train"), ("X_val", "validation")])
    def test_of_the_data(self, part, said):
        data = load(NetworkParams(dataset="iris"))
        X = getattr(data, part).copy()
        X[3] = 1e307
        X[3, 2] = -1.7e308  # their weighted sum is out of range
        data = dataclasses.replace(data, **{part: X})
        message = self.message(NetworkParams(**SMALL, lr=0.5), data)
        assert f"a sample of the {said} set lies 1.7e+308 standard deviations from the mean of" in message
        assert data.feature_names[2] in message
        assert "learning rate" not in message


class TestBlowUp:
    WILD = SMALL | {"epochs": 40, "lr": 1.0, "l2": 0.01}

    def test_is_told_when_the_loss_rises_far_above_its_start(self):
        params, data = NetworkParams(**self.WILD), load(NetworkParams(dataset="iris"))
        events, result = run(params, data)
        first = MLP.for_run(params, (4, 8, 3))
        limits = [
            BLEW_UP * first.evaluate(X, y)[0] for X, y in ((data.X_train, data.y_train), (data.X_val, data.y_val))
        ]
        epochs = [event for event in events if isinstance(event, EpochDone)]
        above = [e.train_loss > limits[0] or e.val_loss > limits[1] for e in epochs]
        assert any(above) and not above[-1]
        begins = [e.epoch for e, now, before in zip(epochs, above, [False, *above], strict=False) if now and not before]
        notices = [event for event in events if isinstance(event, Notice)]
        assert [(n.position, n.code) for n in notices] == [(epoch, "blew-up") for epoch in begins]
        for notice in notices:
            after = events[events.index(notice) + 1]
            assert isinstance(after, EpochDone)
            assert after.epoch == notice.position
            assert f"at epoch {notice.position}" in notice.message
        assert result.outcome is Outcome.COMPLETED

    def test_a_quiet_run_says_nothing(self):
        events, _ = run(NetworkParams(**SMALL))
        assert not any(isinstance(event, Notice) for event in events)


class TestMemory:
    def test_a_network_that_does_not_fit_is_refused_before_it_is_made(self, monkeypatch):
        monkeypatch.setattr(MLP, "for_run", None)
        params = NetworkParams(**SMALL | {"hidden": (16384,) * 400})
        with pytest.raises(ParamsError, match=r"^hidden: 16384,.* the network needs about [\d,.]+ GB of memory, and"):
            run(params)

    @pytest.mark.parametrize("options", [{}, {"optimizer": "adam", "batch_norm": True, "dropout": 0.5}])
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_the_estimate_is_near_what_is_taken(self, options, dtype):
        import tracemalloc

        params = NetworkParams(**SMALL | {"hidden": (600, 600), "epochs": 3, "dtype": dtype}, **options)
        data = load(params)
        tracemalloc.start()
        try:
            run(params, data)
            taken = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert 0.6 < memory_needed((4, 600, 600, 3), params, len(data.X_train)) / taken < 2


class TestSameData:
    def csv(self, tmp_path, shift=0):
        rows = [f"{i * 7 % 40 + shift},{i % 5}.5,{'ab'[i % 2]}" for i in range(40)]
        (tmp_path / "mine.csv").write_text("\n".join(["p,q,kind", *rows]))
        return NetworkParams(**SMALL | {"dataset": str(tmp_path / "mine.csv")})

    def test_a_run_goes_on_with_the_same_bytes_only(self, tmp_path):
        params = self.csv(tmp_path)
        _, done = run(params)
        longer = params.edited({"epochs": 6})
        assert run(longer, state=done.state)[1].state.epoch == 6
        self.csv(tmp_path, shift=1)
        with pytest.raises(DataError) as caught:
            run(longer, state=done.state)
        message = str(caught.value)
        assert message.startswith(f"dataset '{tmp_path / 'mine.csv'}' is not what the run was begun with")
        assert done.state.data_sha256[:12] in message
        assert load(params).sha256[:12] in message
        assert "\n" not in message

    def test_the_mark_goes_through_the_disk_and_into_branches(self, tmp_path):
        params = self.csv(tmp_path)
        events, done = run(params)
        file = io.BytesIO()
        np.savez(file, **done.state.to_arrays())
        file.seek(0)
        with np.load(file) as arrays:
            state = NetworkState.from_arrays(dict(arrays))
        assert (state.data_path, state.data_sha256) == (params.dataset, load(params).sha256)
        epoch = next(event for event in events if isinstance(event, EpochDone))
        branch = branch_state(state, params, 1, epoch.state.frame(), epoch.val_loss)
        self.csv(tmp_path, shift=1)
        with pytest.raises(DataError, match="is not what the run was begun with"):
            check_same_data(load(params), branch)

    def test_a_state_of_an_older_version_goes_on_and_knows_its_data_from_then_on(self, tmp_path):
        params = self.csv(tmp_path)
        _, done = run(params)
        old = dataclasses.replace(done.state, data_path=None, data_sha256=None)
        longer = params.edited({"epochs": 5})
        assert run(longer, state=old)[1].state.data_sha256 == load(params).sha256

    @pytest.mark.parametrize(
        ("labels", "name"), [(("1.0", "10.0", "2.0"), "mine.csv"), (("1", "10", "2"), "mine.npz")], ids=["csv", "npz"]
    )
    def test_one_whose_classes_were_ordered_by_their_letters_is_refused(self, tmp_path, labels, name):
        X = np.random.default_rng(3).normal(size=(60, 2)).round(3)
        y = [labels[i % 3] for i in range(60)]
        if name.endswith("npz"):
            np.savez(tmp_path / name, X=X, y=np.array(y))
        else:
            rows = (f"{a},{b},{label}\n" for (a, b), label in zip(X, y, strict=True))
            (tmp_path / name).write_text("a,b,y\n" + "".join(rows))
        params = NetworkParams(dataset=str(tmp_path / name), hidden=(3,), epochs=2)
        _, result = run(params)
        check_data_file(result.state)
        old = dataclasses.replace(result.state, data_sha256=None, data_path=None)
        for check in (check_data_file, lambda state: run(params.edited({"epochs": 4}), state=state)):
            with pytest.raises(
                DataError, match=rf"the order of their letters \({', '.join(labels)}\); its weights would"
            ):
                check(old)

    def test_whole_numbers_were_ordered_as_such_by_it_too(self, tmp_path):
        rows = (f"{i % 7},{i % 5},{(1, 10, 2)[i % 3]}\n" for i in range(60))
        (tmp_path / "mine.csv").write_text("a,b,y\n" + "".join(rows))
        params = NetworkParams(dataset=str(tmp_path / "mine.csv"), hidden=(3,), epochs=2)
        check_data_file(dataclasses.replace(run(params)[1].state, data_sha256=None, data_path=None))

    def test_a_moved_file_is_the_same(self, tmp_path):
        params = self.csv(tmp_path)
        _, done = run(params)
        (tmp_path / "mine.csv").rename(tmp_path / "moved.csv")
        check_same_data(load(params.edited({"dataset": str(tmp_path / "moved.csv")})), done.state)
