"""What a script's ``do`` can ask, answered by the shop's own system over HTTP."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from callbot import log
from callbot.language import Text
from callbot.protocol import ActionAsked
from callbot.script.actions import ActionSpec

_TIMEOUT = httpx.Timeout(20.0, connect=3.0)
"""Scripts wait 3 to 5 s (``timeout`` of ``do``), the call then goes on without us; longer, a connection is stuck."""
_ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer: a hundred orders take 10 kB; more is a page of another service."""

Answer = tuple[str, dict[str, str]]


class HttpShop:
    """``ports.ShopSystems`` that posts questions to ``<url>/actions/<action>``.

    Body ``{"arguments": {...}, "call": {"id", "phone"}}``; the header ``Idempotency-Key``
    (draft-ietf-httpapi-idempotency-key-header) names the question: asked again it has the same one, and the service
    must answer what it answered. Answer: 2xx with ``{"result": "...", "values": {...}}``. Anything else is ``failed``.
    ``token`` goes out as bearer token (RFC 6750). Neither it nor any value ever reaches a log.
    """

    def __init__(self, url: str, actions: Mapping[str, ActionSpec], token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url.rstrip("/")
        self._actions = actions
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, headers=headers, trust_env=False)

    async def ask(self, asked: ActionAsked) -> Answer:
        """See ``ports.ShopSystems``."""
        answer = await self._post(asked)
        if isinstance(answer, Text):
            problem = str(answer)
            log.get(__name__).error(
                "the shop has no answer", action=asked.action, call_id=asked.call_id, problem=problem
            )
            return "failed", {}
        return answer

    def spoken_texts(self) -> Sequence[str]:
        """See ``ports.ShopSystems``: what another system will say is not known before."""
        return ()

    async def close(self) -> None:
        """Close idle connections."""
        await self._client.aclose()

    async def _post(self, asked: ActionAsked) -> Answer | Text:
        body = {"arguments": asked.arguments, "call": {"id": asked.call_id, "phone": asked.phone}}
        headers = {"Idempotency-Key": f'"{asked.request}"'}
        try:
            async with self._client.stream(
                "POST", f"{self._url}/actions/{asked.action}", json=body, headers=headers
            ) as response:
                content = b""
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > _ANSWER_LIMIT:
                        return _unusable("太长", "it is too long")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Text(
                f"商城系统连不上（{type(error).__name__}）。请检查 shop.url 和网络。",
                f"The shop's system cannot be reached ({type(error).__name__}). Check shop.url and the network.",
            )
        if not response.is_success:
            return Text(
                f"商城系统没有接受（HTTP {response.status_code}）。请检查 shop.url、令牌和它的日志。",
                f"The shop's system refused (HTTP {response.status_code}). Check shop.url, the token and its log.",
            )
        return _read(content, self._actions.get(asked.action))


def _read(content: bytes, spec: ActionSpec | None) -> Answer | Text:
    """What an answer says, if it is one that the action can have; values it does not declare are left out."""
    if spec is None:
        return _unusable("actions.yaml 里没有这个动作", "actions.yaml does not have this action")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return _unusable("不是 JSON", "it is no JSON")
    if not isinstance(body, dict) or not isinstance(body.get("values", {}), dict):
        return _unusable("不是 {result, values}", "it is not {result, values}")
    result = body.get("result")
    if result not in spec.results:
        expected = "、".join(spec.results)
        return _unusable(f"result 不是 {expected} 之一", f"result is none of {', '.join(spec.results)}")
    if result in spec.without:
        return str(result), {}
    values = body.get("values", {})
    lacking = [name for name in spec.gives if name not in values]
    if lacking:
        return _unusable(f"缺少 {'、'.join(lacking)}", f"it lacks {', '.join(lacking)}")
    return str(result), {name: _text(values[name]) for name in spec.gives}


def _text(value: Any) -> str:
    """A value as conversations hold it: text stays, numbers are written out, lists stay JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unusable(zh: str, en: str) -> Text:
    return Text(f"商城系统的回答不能用：{zh}。", f"The answer of the shop's system cannot be used: {en}.")
