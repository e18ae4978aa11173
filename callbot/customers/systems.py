"""What a script's ``do`` can ask, answered by the shop's systems."""

import asyncio
from collections.abc import Mapping

from callbot.errors import SettingsError
from callbot.language import Text
from callbot.ports import OrderSystem


class OrderActions:
    """``ports.Systems`` over an order system. Action ``payment_status`` takes ``order_no``: ``paid`` or ``unpaid``."""

    def __init__(self, orders: OrderSystem | None) -> None:
        self._orders = orders

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Ask in a thread, because an order system may block.

        Errors: ``KeyError`` for no such action, argument or order; ``SettingsError`` when there is no order system.
        """
        if action != "payment_status":
            raise KeyError(action)
        if self._orders is None:
            raise SettingsError(
                Text(
                    "没有接入订单系统。请在 callbot.toml 里设置 orders_csv。",
                    "No order system. Set orders_csv in callbot.toml.",
                )
            )
        return await asyncio.to_thread(self._orders.payment_status, arguments["order_no"]), {}
