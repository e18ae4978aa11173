"""Two ways to hand an SMS over: our own outbox table, and any HTTP service."""

import httpx

from callbot.errors import FollowUpError, StoreError
from callbot.followup.http import may_pass
from callbot.language import Text
from callbot.store.followups import FollowUpStore
from callbot.values import Phone

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""An SMS service answers in well under a second; a longer wait only keeps the next message waiting."""


class OutboxGateway:
    """``ports.SmsGateway`` that writes messages to the store's outbox, for a person or another program to send."""

    def __init__(self, store: FollowUpStore) -> None:
        self._store = store

    def send(self, sms_id: str, phone: str, text: str) -> str:
        """Put the message into the outbox once; the reference is its id there."""
        try:
            self._store.put_sms(sms_id, Phone(phone), text)
        except StoreError as error:
            raise FollowUpError(error.text, retryable=True) from error
        return sms_id


class HttpGateway:
    """``ports.SmsGateway`` that posts ``{"id", "phone", "text"}`` as JSON to a service.

    The service must send nothing twice for one ``id``. It answers 2xx, with ``{"reference": "..."}`` if it has a name
    of its own for the message. ``token`` goes out as bearer token (RFC 6750) when there is one. Neither it, the number
    nor the text ever reaches an error text or a log.
    """

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url
        self._client = httpx.Client(timeout=_TIMEOUT, headers=headers, trust_env=False)

    def send(self, sms_id: str, phone: str, text: str) -> str:
        """Post the message. Timeouts, lost connections, 429 and 5xx are retryable, other answers are final."""
        try:
            answer = self._client.post(self._url, json={"id": sms_id, "phone": phone, "text": text})
        except httpx.TransportError as error:
            raise FollowUpError(
                Text(
                    f"短信服务连不上（{type(error).__name__}）。请检查 sms.url 和网络。",
                    f"The SMS service cannot be reached ({type(error).__name__}). Check sms.url and the network.",
                ),
                retryable=True,
            ) from None
        if not answer.is_success:
            raise _refused(answer.status_code)
        try:
            body = answer.json()
        except ValueError:
            body = None
        reference = body.get("reference") if isinstance(body, dict) else None
        return str(reference or sms_id)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()


def _refused(status: int) -> FollowUpError:
    if may_pass(status):
        text = Text(f"短信服务暂时不接受（HTTP {status}）。", f"The SMS service is not accepting now (HTTP {status}).")
        return FollowUpError(text, retryable=True)
    return FollowUpError(
        Text(
            f"短信服务拒绝了这条短信（HTTP {status}）。请检查 sms.url、令牌和短信内容。",
            f"The SMS service refused this message (HTTP {status}). Check sms.url, the token and the text.",
        ),
        retryable=False,
    )
