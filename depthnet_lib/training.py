"""The training loop of everything that learns here: devices, several processes, checkpoints, resume, logs.

A `Task` says what a step is; `fit` runs it. Every random number of step k comes from (seed, k), so a run that was
killed and resumed ends with the same numbers as one that was not.
"""

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from tqdm.auto import tqdm

from .checkpoints import load_tensors, save_tensors
from .errors import InputError
from .files import sweep, writable
from .run_log import RunLog, read_metrics

__all__ = ["CHECKPOINT", "MAX_SEED", "Run", "Task", "Update", "fit", "make_fabric", "read_metrics"]

CHECKPOINT = "checkpoint.safetensors"
MAX_SEED = 2**32 - 1


class Task(nn.Module):
    """What is trained: a module with its optimizers, its batches and its step. Subclasses fill in the four below."""

    batches_per_epoch: int
    progress: float = 0.0  # of the run at this step, from 0 to 1

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimizers by name; made once, after the task has moved to its device."""
        raise NotImplementedError

    def batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        """The batches of one epoch, `batches_per_epoch` in all, drawn with the generator: global, before splitting."""
        raise NotImplementedError

    def training_step(self, batch: Tensor, update: "Update") -> dict[str, Tensor]:
        """One step: compute losses, call ``update(name, loss)`` for each optimizer, return scalars to log."""
        raise NotImplementedError

    def learning_rate(self, progress: float) -> float:
        """Factor on the initial learning rates; ``progress`` runs from 0 to 1 over the run."""
        return 1.0

    def sample(self, folder: Path, epoch: int) -> None:
        """Pictures at the end of an epoch, for tasks whose numbers say little."""


@dataclass(frozen=True)
class Run:
    """Where and how long: ``out`` the run's folder, ``minutes`` a bound on training time over all its sessions."""

    out: Path
    epochs: int
    seed: int = 0
    minutes: float | None = None
    resume: bool = False
    checkpoint_seconds: float = 60.0
    precision: str = "32-true"
    progress: bool = True

    def __post_init__(self):
        """Raises InputError for what no run can have, before anything is read or written."""
        if not 0 <= self.seed <= MAX_SEED:
            raise InputError(f"seed {self.seed}", "out of range", f"give one from 0 to {MAX_SEED}")
        if self.epochs < 1:
            raise InputError(f"{self.epochs} epochs", "out of range", "give at least 1")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise InputError(f"{self.minutes} minutes", "out of range", "give a positive number")


def fit(task: Task, run: Run) -> dict:
    """Train the task; returns {"epochs", "seconds", "loss"} and leaves metrics.csv, TensorBoard events and a
    checkpoint in ``run.out``.

    Devices are Fabric's: cpu, cuda or mps, several processes when started by torchrun. Ctrl-C and SIGTERM wait for the
    end of the step, save a checkpoint and pass on. Whatever else ends the training leaves the last checkpoint as it
    is. Raises InputError where the folder holds another run and ``resume`` is not asked for, and where the loss is no
    longer finite.
    """
    fabric = make_fabric(run.precision)
    _check_folder(run)
    task.to(fabric.device)
    state = _State(task, run, fabric)
    if run.resume and (run.out / CHECKPOINT).exists():
        state.load()
    fabric.barrier()
    log = RunLog(run.out, state.step) if fabric.is_global_zero else None
    total = run.epochs * task.batches_per_epoch
    bar = tqdm(total=run.epochs, initial=state.step // task.batches_per_epoch, unit="epoch", desc=f"training {run.out}",
               disable=not (run.progress and fabric.is_global_zero), mininterval=0.5)  # fmt: skip
    try:
        with _held_back() as state.caught:
            while state.step < total and not state.out_of_time() and not state.asked_to_end():
                _one_epoch(task, run, fabric, state, log, total)
                if log and state.step % task.batches_per_epoch == 0:
                    bar.update()
                    bar.set_postfix_str(f"loss {state.loss:.4g}")
            if fabric.is_global_zero:
                state.save()
    finally:
        bar.close()
        if log:
            log.close()
    return {"epochs": state.step / task.batches_per_epoch, "seconds": round(state.seconds, 1), "loss": state.loss}


def make_fabric(precision: str = "32-true") -> Fabric:
    """Fabric on what the machine has; under torchrun one process a device, or a core where there is no GPU."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1:
        fabric = Fabric(accelerator="auto", devices=1, precision=precision)
    else:
        local = int(os.environ.get("LOCAL_WORLD_SIZE", processes))
        fabric = Fabric(accelerator="auto", devices=local, num_nodes=processes // local, strategy="ddp",
                        precision=precision)  # fmt: skip
    fabric.launch()
    return fabric


@contextmanager
def _held_back() -> Iterator[list[int]]:
    """Signals that ask for an end, collected, so that checkpoints hold whole steps. A second Ctrl-C ends at once."""
    caught: list[int] = []

    def note(number: int, frame: object) -> None:
        if number == signal.SIGINT and number in caught:
            raise KeyboardInterrupt
        caught.append(number)

    ours = threading.current_thread() is threading.main_thread()  # no other may listen
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM) if ours}
    try:
        yield caught
    except RuntimeError:
        if not caught:
            raise  # else another process of the training has ended, as all were asked to
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
    if signal.SIGINT in caught:
        raise KeyboardInterrupt
    if caught:
        raise SystemExit(128 + caught[0])


class Update:
    """One optimizer step: backward, gradients averaged over the processes, step."""

    def __init__(self, optimizers: dict[str, torch.optim.Optimizer], fabric: Fabric):
        self.optimizers, self.fabric = optimizers, fabric

    def __call__(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        if self.fabric.world_size > 1:
            known = [p.grad for p in parameters if p.grad is not None]
            mean = self.fabric.all_reduce(torch.cat([g.flatten() for g in known]), reduce_op="mean")
            for gradient, part in zip(known, mean.split([g.numel() for g in known]), strict=True):
                gradient.copy_(part.view_as(gradient))
        optimizer.step()


def _one_epoch(task, run, fabric, state, log, total) -> None:
    """The rest of the current epoch; a resumed run skips the batches that it has behind it."""
    epoch, done = divmod(state.step, task.batches_per_epoch)
    generator = torch.Generator().manual_seed(run.seed * 1_000_003 + epoch)
    task.train()
    sums: dict[str, Tensor] = state.sums
    for index, batch in enumerate(task.batches(generator)):
        if index < done:
            continue
        _set_rates(state, task, run, total)
        torch.manual_seed((run.seed * 1_000_003 + state.step) * 2 + 1)
        share = batch[fabric.global_rank :: fabric.world_size].to(fabric.device)
        with fabric.autocast():
            scalars = task.training_step(share, state.update)
        for name, value in scalars.items():
            sums[name] = sums.get(name, 0.0) + value.detach().float()
        state.step += 1
        state.tick()
        if index + 1 < task.batches_per_epoch:  # the last batch's checkpoint comes after its epoch's row
            state.save_if_due()
            if state.out_of_time() or state.asked_to_end():
                return
    means = {k: float(fabric.all_reduce(v / task.batches_per_epoch, reduce_op="mean")) for k, v in sums.items()}
    state.sums, state.loss = {}, next(iter(means.values()))
    if not math.isfinite(state.loss):
        raise InputError(run.out, f"the loss is no longer finite after epoch {epoch + 1}", "lower the learning rate")
    if log:
        log.write(epoch + 1, state.step, state.seconds, means)
        task.sample(run.out, epoch + 1)
    state.save_if_due()


def _set_rates(state, task, run, total) -> None:
    progress = state.step / total
    if run.minutes:
        progress = max(progress, state.seconds / (60 * run.minutes))
    task.progress = min(progress, 1.0)
    for optimizer, initial in zip(state.update.optimizers.values(), state.rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = initial * task.learning_rate(task.progress)


class _State:
    """Where a run stands, and its checkpoint on disk."""

    def __init__(self, task: Task, run: Run, fabric: Fabric):
        self.task, self.run, self.fabric = task, run, fabric
        self.update = Update(task.optimizers(), fabric)
        self.rates = [o.param_groups[0]["lr"] for o in self.update.optimizers.values()]
        self.step, self.seconds, self.loss = 0, 0.0, math.nan
        self.sums: dict[str, Tensor] = {}
        self.caught: list[int] = []  # signals that ask for an end
        self.last = self.saved = time.monotonic()

    def tick(self) -> None:
        now = time.monotonic()
        self.seconds += now - self.last
        self.last = now

    def save_if_due(self) -> None:
        if self.fabric.is_global_zero and time.monotonic() - self.saved > self.run.checkpoint_seconds:
            self.save()

    def out_of_time(self) -> bool:
        """The same answer in every process: the first one's clock decides."""
        if not self.run.minutes:
            return False
        late = self.seconds > 60 * self.run.minutes
        return bool(self.fabric.broadcast(late)) if self.fabric.world_size > 1 else late

    def asked_to_end(self) -> bool:
        """The first process decides here too, by saving and leaving: the others end when they miss it."""
        return bool(self.caught) and self.fabric.is_global_zero

    def save(self) -> None:
        tensors = {f"task.{k}": v for k, v in self.task.state_dict().items()}
        for name, optimizer in self.update.optimizers.items():
            for index, slots in optimizer.state_dict()["state"].items():
                known = {k: torch.as_tensor(v) for k, v in slots.items() if v is not None}
                tensors |= {f"optimizer.{name}.{index}.{slot}": value for slot, value in known.items()}
        sums = {k: float(v) for k, v in self.sums.items()}
        header = {"step": self.step, "seconds": self.seconds, "loss": self.loss, "seed": self.run.seed, "sums": sums}
        save_tensors(self.run.out / CHECKPOINT, tensors, header)
        self.saved = time.monotonic()

    def load(self) -> None:
        path = self.run.out / CHECKPOINT
        tensors, header = load_tensors(path)
        if header.get("seed", self.run.seed) != self.run.seed:
            raise InputError(path, f"was trained with seed {header['seed']}", "resume with that seed")
        try:
            own = {k.removeprefix("task."): v for k, v in tensors.items() if k.startswith("task.")}
            self.task.load_state_dict(own)
            self.step, self.seconds, self.loss = header["step"], header["seconds"], header["loss"]
        except (RuntimeError, KeyError):
            raise InputError(path, "belongs to another model or data", "choose another folder") from None
        for name, optimizer in self.update.optimizers.items():
            slots: dict[int, dict] = {}
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            for key, value in tensors.items():
                if key.startswith(f"optimizer.{name}."):
                    index, slot = key.removeprefix(f"optimizer.{name}.").split(".")
                    like = parameters[int(index)]  # fused steps go through memory as the parameter lies in it
                    value = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
                    slots.setdefault(int(index), {})[slot] = value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})
        self.sums = {k: torch.tensor(v, dtype=torch.float32) for k, v in header["sums"].items()}


def _check_folder(run: Run) -> None:
    if (run.out / CHECKPOINT).exists() and not run.resume:
        raise InputError(run.out, "already holds a run", "add --resume to go on with it, or choose another --out")
    with writable(run.out):
        run.out.mkdir(parents=True, exist_ok=True)
    sweep(run.out)
