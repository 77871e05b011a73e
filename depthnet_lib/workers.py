"""Several processes for many pictures: fresh ones, gone when their parent is."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from .errors import InputError


@contextmanager
def worker_pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of ``count`` fresh processes, one thread each; OpenGL and threads do not survive a fork.

    They end at once when Ctrl-C ends the block or this process is killed: nothing of a pool goes on alone. Where the
    block fails, what was begun is finished first. Raises InputError where one of them was killed.
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
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        hand.close()
        pool.shutdown(cancel_futures=True)
        leash.close()


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a running Dask scheduler. What a worker that dies had begun, another does again.

    Raises InputError where there is no scheduler, and where it loses its workers faster than they can do anything.
    """
    from distributed import Client, KilledWorker
    from distributed.comm import CommClosedError

    remedy = "start one: dask scheduler, dask worker ADDRESS"
    try:
        client = Client(address, timeout=5)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:100]
        raise InputError(address, f"no Dask scheduler ({reason})", remedy) from None
    try:
        with client:
            yield client.get_executor(pure=False)
    except (CancelledError, CommClosedError, KilledWorker) as error:
        raise InputError(address, f"has lost its workers ({type(error).__name__})", f"{remedy}; repeat") from None


def _begin(leash: Connection) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # the processes are the parallelism; read when torch is loaded
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then lets go of the leash
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()


def _end_with(leash: Connection) -> None:
    try:
        leash.recv()
    except (EOFError, OSError):
        os._exit(1)
