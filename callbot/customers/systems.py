"""What a script's ``do`` can ask, answered by the shop's systems."""

import asyncio
from collections.abc import Mapping, Sequence

from callbot.errors import SettingsError
from callbot.language import Text
from callbot.ports import OrderSystem


class OrderActions:
    """``ports.ShopSystems`` over an order system.

    ``payment_status`` takes ``order_no``: ``paid`` or ``unpaid``. ``order_status`` takes ``order_no``: ``found`` with
    ``status``, a text to be spoken, or ``not_found``.
    """

    def __init__(self, orders: OrderSystem | None) -> None:
        self._orders = orders

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Ask in a thread, because an order system may block.

        Errors: ``KeyError`` for no such action or argument, and for an order whose payment is unknown;
        ``SettingsError`` when there is no order system.
        """
        match action:
            case "payment_status":
                return await asyncio.to_thread(self._system.payment_status, arguments["order_no"]), {}
            case "order_status":
                return await asyncio.to_thread(self._order_status, arguments["order_no"])
        raise KeyError(action)

    def spoken_texts(self) -> Sequence[str]:
        """See ``ports.ShopSystems``; nothing without an order system. Errors: ``SettingsError``."""
        return self._orders.order_statuses() if self._orders else ()

    @property
    def _system(self) -> OrderSystem:
        if self._orders is None:
            raise SettingsError(
                Text(
                    "没有接入订单系统。请在 callbot.toml 里设置 orders_csv。",
                    "No order system. Set orders_csv in callbot.toml.",
                )
            )
        return self._orders

    def _order_status(self, order_no: str) -> tuple[str, dict[str, str]]:
        system = self._system
        try:
            return "found", {"status": system.order_status(order_no)}
        except KeyError:
            return "not_found", {}
