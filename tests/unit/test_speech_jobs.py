import threading

import numpy as np
import pytest

from callbot.speech.jobs import Job, JobQueue

pytestmark = pytest.mark.unit


def job() -> Job:
    return Job(np.zeros(0, np.int16), lambda _: None)


def test_jobs_come_in_order_and_hurried_ones_first() -> None:
    queue = JobQueue()
    first, second, third = job(), job(), job()
    for each in (first, second, third):
        queue.put(each)
    queue.hurry(third)
    assert [queue.take(), queue.take(), queue.take()] == [third, first, second]


def test_hurried_from_the_start_goes_before_guesses() -> None:
    queue = JobQueue()
    guess, urgent = job(), job()
    urgent.hurried = True
    queue.put(guess)
    queue.put(urgent)
    assert queue.take() is urgent


def test_a_job_is_taken_once_even_when_it_is_hurried_late() -> None:
    queue = JobQueue()
    first, second = job(), job()
    queue.put(first)
    queue.put(second)
    assert queue.take() is first
    queue.hurry(first)
    assert queue.take() is second


def test_dropped_jobs_are_passed_over() -> None:
    queue = JobQueue()
    first, second = job(), job()
    queue.put(first)
    queue.put(second)
    first.dropped = True
    assert queue.take() is second


def test_closing_wakes_who_waits() -> None:
    queue = JobQueue()
    taken: list[Job | None] = [job()]
    waiter = threading.Thread(target=lambda: taken.append(queue.take()))
    waiter.start()
    queue.close()
    waiter.join(5)
    assert taken[1:] == [None]
