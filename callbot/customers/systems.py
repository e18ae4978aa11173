"""What a script's ``do`` can ask, answered by the shop's systems."""

import asyncio
from collections.abc import Mapping

from callbot.ports import OrderSystem


class OrderActions:
    """``ports.Systems`` over an order system. Action ``payment_status`` takes ``order_no``: ``paid`` or ``unpaid``."""

    def __init__(self, orders: OrderSystem) -> None:
        self._orders = orders

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Ask in a thread, because an order system may block. ``KeyError``: no such action, argument or order."""
        if action != "payment_status":
            raise KeyError(action)
        return await asyncio.to_thread(self._orders.payment_status, arguments["order_no"]), {}
