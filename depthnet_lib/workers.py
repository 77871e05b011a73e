"""Several processes for many pictures: fresh ones, gone when their parent is."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from .errors import InputError


@contextmanager
def worker_pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of ``count`` fresh processes, one thread each; OpenGL and threads do not survive a fork.

    They end at once when the block fails, when Ctrl-C ends it, or when this process is killed: nothing of a pool
    goes on alone. Raises InputError where one of them was killed.
    """
    context = get_context("spawn")
    leash, hand = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, context, _begin, (leash,))
    try:
        yield pool
        pool.shutdown()
    except BrokenProcessPool:
        remedy = "repeat the command, with fewer processes where memory is short"
        raise InputError("a worker process", "was killed", remedy) from None
    finally:
        hand.close()
        pool.shutdown(cancel_futures=True)
        leash.close()


def _begin(leash: Connection) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # the processes are the parallelism; read when torch is loaded
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then lets go of the leash
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()


def _end_with(leash: Connection) -> None:
    try:
        leash.recv()
    except (EOFError, OSError):
        os._exit(1)
