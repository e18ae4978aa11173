"""Published revisions are numbered and kept, on SQLite and PostgreSQL alike; of two who publish at once one is told."""

import threading

import pytest
from store_clock import NOW, FixedClock

from callbot.errors import StoreError
from callbot.messages import CallResult, Trace
from callbot.protocol import Revision
from callbot.store.repository import Store, open_store
from callbot.values import Disposition

pytestmark = pytest.mark.contract

FIRST = Revision("reminder", "aaa", '{"say": "您好"}')
SECOND = Revision("reminder", "bbb", '{"say": "您好啊"}')


def test_revisions_are_numbered_per_script_and_come_back_whole(store: Store) -> None:
    made = store.publications.add(FIRST, "dsl: 1 # 注释\n", "李", "第一版", 0)
    assert store.publications.newest("reminder") == made
    store.publications.add(SECOND, "dsl: 1\n", "王", "改话术", 1)
    store.publications.add(Revision("other", "ccc", "{}"), "", "王", "另一个", 0)
    found = store.publications.all("reminder")
    assert [(one.number, one.revision, one.author, one.message, one.published_at) for one in found] == [
        (2, SECOND, "王", "改话术", NOW),
        (1, FIRST, "李", "第一版", NOW),
    ]
    assert store.publications.get("reminder", 1).source == "dsl: 1 # 注释\n"
    assert store.publications.newest("nobody") is None


def test_an_old_text_may_be_published_again(store: Store) -> None:
    store.publications.add(FIRST, "", "李", "一", 0)
    store.publications.add(SECOND, "", "李", "二", 1)
    assert store.publications.add(FIRST, "", "李", "恢复", 2).number == 3
    newest = store.publications.newest("reminder")
    assert newest is not None
    assert newest.revision == FIRST


def test_who_comes_second_is_told_of_whom_and_keeps_nothing(store: Store) -> None:
    store.publications.add(FIRST, "", "李", "改开场", 0)
    with pytest.raises(StoreError, match=r"李 已经发布了 reminder 的第 1 版（改开场）"):
        store.publications.add(SECOND, "", "王", "改结尾", 0)
    assert len(store.publications.all("reminder")) == 1
    with pytest.raises(StoreError, match="没有第 7 版，最新是第 1 版"):
        store.publications.add(SECOND, "", "王", "改结尾", 7)


def test_unknown_numbers_are_explained(store: Store) -> None:
    with pytest.raises(StoreError, match="还没有发布过"):
        store.publications.get("reminder", 1)
    store.publications.add(FIRST, "", "李", "一", 0)
    with pytest.raises(StoreError, match="没有第 2 版，最新是第 1 版"):
        store.publications.get("reminder", 2)


def test_of_many_at_the_same_moment_exactly_one_publishes(url: str) -> None:
    store = open_store(url, FixedClock())
    start, told, made = threading.Barrier(6), [], []

    def publish(number: int) -> None:
        start.wait()
        revision = Revision("reminder", f"hash{number}", "{}")
        try:
            made.append(store.publications.add(revision, "", f"作者{number}", "同时", 0).author)
        except StoreError as error:
            told.append(str(error))

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (published,) = store.publications.all("reminder")
    assert made == [published.author]
    assert len(told) == 5
    assert all(published.author in sentence for sentence in told)
    store.close()


def test_traces_of_a_script_come_out_again(store: Store) -> None:
    for number, script in enumerate(("reminder", "other", "reminder")):
        result = CallResult(
            call_id=f"call_{number}",
            attempt_id="",
            fence=0,
            direction="in",
            line="line-0",
            disposition=Disposition.ANSWERED,
            outcome="done",
            started_at=NOW,
            ended_at=NOW,
            trace=Trace(script, "aaa", {"name": str(number)}, ()),
        )
        store.incoming.record(result, ())
    assert {trace.inputs["name"] for trace in store.campaigns.traces("reminder")} == {"0", "2"}
    with pytest.raises(StoreError, match="camp_none"):
        list(store.campaigns.traces("reminder", "camp_none"))
