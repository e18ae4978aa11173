"""The systems a script may ask with ``do``: their arguments and the results they can have besides ``failed``."""

from dataclasses import dataclass

from callbot.language import Text


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What one action takes, how it can come back, the values it gives, and the results that come ``without`` them."""

    title: Text
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    gives: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


ACTIONS: dict[str, ActionSpec] = {
    "payment_status": ActionSpec(
        Text("查询订单尾款是否已付", "Ask whether the balance of an order is paid"), ("order_no",), ("paid", "unpaid")
    ),
    "order_status": ActionSpec(
        Text("查询订单现在的状态", "Ask how an order stands"),
        ("order_no",),
        ("found", "not_found"),
        gives=("status",),
        without=("not_found",),
    ),
}


def gives_with(action: str, result: str) -> bool:
    """Whether the values of ``gives`` come with this result: not with a failure, nor when nothing was found."""
    spec = ACTIONS.get(action)
    return result != "failed" and (spec is None or result not in spec.without)
