"""The systems a script may ask with ``do``: their arguments and the results they can have besides ``failed``."""

from dataclasses import dataclass

from callbot.language import Text


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What one action takes and how it can come back."""

    title: Text
    arguments: tuple[str, ...]
    results: tuple[str, ...]


ACTIONS: dict[str, ActionSpec] = {
    "payment_status": ActionSpec(
        Text("查询订单尾款是否已付", "Ask whether the balance of an order is paid"), ("order_no",), ("paid", "unpaid")
    ),
}
