"""Tell other systems of calls: one POST for each, signed when there is a secret."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from callbot.errors import FollowUpError
from callbot.followup.http import may_pass
from callbot.language import Text
from callbot.ports import Clock

_CONNECT_S = 5.0
_STILL_AT_WORK = 409
"""The receiver is busy with an earlier try of the same key: draft-ietf-httpapi-idempotency-key-header section 2.6."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes. Without ``token`` no Authorization, without ``secret`` no signature; neither is shown."""

    url: str
    timeout_s: float
    token: str = field(default="", repr=False)
    secret: bytes = field(default=b"", repr=False)


class Webhooks:
    """The webhooks of the settings, by name. Any thread; calls block.

    ``Idempotency-Key`` names the message: every try has the same one and the same body. Signed as Standard Webhooks 1.0
    (standardwebhooks.com) asks, so that receivers can check with a library. Redirects are refused: they would take the
    token elsewhere. Neither address, token, number nor values ever reach an error text or a log.
    """

    def __init__(self, targets: Mapping[str, Target], clock: Clock) -> None:
        self._targets = targets
        self._clock = clock
        self._client = httpx.Client(follow_redirects=False, trust_env=False)

    def send(self, name: str, key: str, body: str) -> str:
        """Post ``body``, which is JSON; any 2xx is an acknowledgement. The reference is the key.

        Errors: ``FollowUpError``; timeouts, lost connections, 408, 409, 425, 429 and 5xx are retryable.
        """
        target = self._targets.get(name)
        if target is None:
            raise FollowUpError(
                Text(
                    f"配置里没有 [webhooks.{name}]，不知道通知到哪里。",
                    f"The settings have no [webhooks.{name}], so there is nobody to tell.",
                ),
                retryable=False,
            )
        content = body.encode()
        timeout = httpx.Timeout(target.timeout_s, connect=min(_CONNECT_S, target.timeout_s))
        try:
            with self._client.stream(
                "POST", target.url, content=content, headers=self._headers(target, key, content), timeout=timeout
            ) as answer:
                status = answer.status_code  # what else it says is not waited for
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise FollowUpError(
                Text(
                    f"webhook {name} 连不上（{type(error).__name__}）。请检查 webhooks.{name}.url 和网络。",
                    f"Webhook {name} cannot be reached ({type(error).__name__}). "
                    f"Check webhooks.{name}.url and the network.",
                ),
                retryable=isinstance(error, httpx.TransportError),
            ) from None
        if not 200 <= status < 300:
            raise _refused(name, status)
        return key

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _headers(self, target: Target, key: str, content: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
        if target.token:
            headers["Authorization"] = f"Bearer {target.token}"  # RFC 6750
        if target.secret:
            seconds = int(self._clock.now().timestamp())
            headers |= {
                "webhook-id": key,
                "webhook-timestamp": str(seconds),
                "webhook-signature": signature(target.secret, key, seconds, content),
            }
        return headers


def signature(secret: bytes, key: str, seconds: int, content: bytes) -> str:
    """HMAC-SHA256 of id, time and body as Standard Webhooks writes it: ``v1,`` and base64."""
    signed = hmac.digest(secret, f"{key}.{seconds}.".encode() + content, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def _refused(name: str, status: int) -> FollowUpError:
    if may_pass(status) or status == _STILL_AT_WORK:
        text = Text(
            f"webhook {name} 暂时不接受（HTTP {status}）。", f"Webhook {name} is not accepting now (HTTP {status})."
        )
        return FollowUpError(text, retryable=True)
    return FollowUpError(
        Text(
            f"webhook {name} 拒绝了这条通知（HTTP {status}）。请检查 webhooks.{name} 的地址、令牌和密钥。",
            f"Webhook {name} refused this message (HTTP {status}). "
            f"Check address, token and secret under webhooks.{name}.",
        ),
        retryable=False,
    )
