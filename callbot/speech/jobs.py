"""Jobs for a pool of recognising threads: those that somebody waits for come first."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from callbot.ports import Recognition
from callbot.values import Pcm


@dataclass(slots=True, eq=False)
class Job:
    """One recognition asked for; ``done`` is called once, in a worker's thread, unless it is dropped before."""

    audio: Pcm
    done: Callable[[Recognition | Exception], None]
    hurried: bool = False
    dropped: bool = False
    taken: bool = False


@dataclass(slots=True)
class JobQueue:
    """Jobs by urgency, then by age. A hurried job is pushed a second time; whoever comes second finds it taken."""

    _heap: list[tuple[bool, int, Job]] = field(default_factory=list)
    _count: int = 0
    _closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, job: Job) -> None:
        """Add a job."""
        with self._changed:
            self._count += 1
            heappush(self._heap, (not job.hurried, self._count, job))
            self._changed.notify()

    def hurry(self, job: Job) -> None:
        """Move a waiting job before all that are not hurried; nothing happens to one that was taken."""
        with self._changed:
            if not (job.hurried or job.taken):
                job.hurried = True
                self._count += 1
                heappush(self._heap, (False, self._count, job))
                self._changed.notify()

    def take(self) -> Job | None:
        """The next job, waiting for one; None when the queue is closed."""
        with self._changed:
            while True:
                while self._heap:
                    job = heappop(self._heap)[2]
                    if not (job.taken or job.dropped):
                        job.taken = True
                        return job
                if self._closed:
                    return None
                self._changed.wait()

    def close(self) -> None:
        """Let every ``take`` return None; waiting jobs are forgotten."""
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify_all()
