"""What a training run writes down of its epochs: metrics.csv, and TensorBoard events to follow live."""

import csv
import io
import threading
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from .errors import InputError
from .files import writable, write_bytes

METRICS = "metrics.csv"


class RunLog:
    """A row an epoch; on resume, rows after the checkpoint's ``step`` are dropped. Raises InputError on a full disk."""

    def __init__(self, folder: Path, step: int):
        self.path = folder / METRICS
        rows = [row for row in read_metrics(folder) if row["step"] <= step] if step else []
        self.rows = [row | {key: int(row[key]) for key in ("epoch", "step")} for row in rows]
        self.hook, threading.excepthook = threading.excepthook, self._hears
        try:
            with writable(self.path):
                self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=len(self.rows) + 1)
        except InputError:
            threading.excepthook = self.hook
            raise

    def write(self, epoch: int, step: int, seconds: float, means: dict[str, float]) -> None:
        self.rows.append({"epoch": epoch, "step": step, "seconds": round(seconds, 2), **means})
        with writable(self.path):
            for name, value in means.items():
                self.board.add_scalar(name, value, epoch)
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_bytes(self.path, text.getvalue().encode())

    def close(self) -> None:
        try:
            with writable(self.path):
                self.board.close()
        finally:
            threading.excepthook = self.hook

    def _hears(self, failed) -> None:
        """TensorBoard writes in a thread, and raises what fails there again in ours: once is enough."""
        if not isinstance(failed.exc_value, OSError):
            self.hook(failed)


def read_metrics(out: Path) -> list[dict[str, float]]:
    """The rows of a run's metrics.csv, numbers as floats."""
    if not (out / METRICS).is_file():
        return []
    with open(out / METRICS, newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
