"""Messages between processes: msgpack over ZeroMQ on Unix sockets that only this user can open.

Three patterns: ``Server``/``Client`` (ROUTER and DEALER, both ways, reconnecting by themselves) and
``Publisher``/``Subscriber`` for what people watch live and nobody misses when it is lost. A message that does not
decode is logged and dropped: a process of another version must not take this one down.
"""

import hashlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import zmq
import zmq.asyncio

from callbot import log

In = TypeVar("In")
Out = TypeVar("Out")

_MAX_BYTES = 64 * 1024 * 1024
"""Limit of one message: far above a long utterance (15 s are 240 kB) or a large revision."""
_MAX_PATH = 100
"""sun_path holds 108 bytes on Linux (unix(7)); ZeroMQ needs a few."""


def address(folder: Path, name: str) -> str:
    """The socket ``name`` of the installation whose sockets live in ``folder``; made private to this user.

    A folder too deep for a Unix socket is replaced by a short private one that depends on the folder alone.
    """
    path = folder.resolve()
    if len(str(path / name)) > _MAX_PATH:
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
        path = Path(tempfile.gettempdir()) / f"callbot-{digest}"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return f"ipc://{path / name}"


def _socket(kind: int) -> zmq.asyncio.Socket:
    socket = zmq.asyncio.Context.instance().socket(kind)
    socket.setsockopt(zmq.LINGER, 500)
    socket.setsockopt(zmq.MAXMSGSIZE, _MAX_BYTES)
    socket.setsockopt(zmq.SNDHWM, 100_000)
    socket.setsockopt(zmq.RCVHWM, 100_000)
    return socket


class Server(Generic[In, Out]):
    """The side with many peers, each known by the name its client gave. One task may receive, any may send."""

    def __init__(self, where: str, incoming: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()
        self._socket = _socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.ROUTER_HANDOVER, 1)  # a restarted peer takes over its name
        self._socket.bind(where)

    async def messages(self) -> AsyncIterator[tuple[str, In]]:
        """Peer and message, for ever."""
        while True:
            peer, body = await self._socket.recv_multipart()
            try:
                yield peer.decode(), self._decoder.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                log.get(__name__).warning("a message did not decode", peer=repr(peer), problem=str(error))

    async def send(self, peer: str, message: Out) -> None:
        """Send; a peer that is not there gets nothing, as if it had died a moment later."""
        await self._socket.send_multipart([peer.encode(), self._encoder.encode(message)])

    def close(self) -> None:
        """Stop; unsent messages get half a second."""
        self._socket.close()


class Client(Generic[In, Out]):
    """The side with one peer. Messages sent while the server is away wait and arrive when it is back."""

    def __init__(self, where: str, name: str, incoming: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()
        self._socket = _socket(zmq.DEALER)
        self._socket.setsockopt(zmq.IDENTITY, name.encode())
        self._socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        self._socket.connect(where)

    async def messages(self) -> AsyncIterator[In]:
        """Every message, for ever."""
        while True:
            body = await self._socket.recv()
            try:
                yield self._decoder.decode(body)
            except msgspec.DecodeError as error:
                log.get(__name__).warning("a message did not decode", problem=str(error))

    async def send(self, message: Out) -> None:
        """Send or queue."""
        await self._socket.send(self._encoder.encode(message))

    def close(self) -> None:
        """Stop; unsent messages get half a second."""
        self._socket.close()


class Publisher(Generic[Out]):
    """One to whoever listens; nobody listening is fine."""

    def __init__(self, where: str) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._socket = _socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, 1000)
        self._socket.bind(where)

    async def send(self, message: Out) -> None:
        """Send to all subscribers; a slow one loses messages."""
        await self._socket.send(self._encoder.encode(message))

    def close(self) -> None:
        """Stop."""
        self._socket.close()


class Subscriber(Generic[In]):
    """Listens to a ``Publisher``, also before it exists."""

    def __init__(self, where: str, incoming: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(incoming)
        self._socket = _socket(zmq.SUB)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.connect(where)

    async def messages(self) -> AsyncIterator[In]:
        """Every message from now on."""
        while True:
            yield self._decoder.decode(await self._socket.recv())

    def close(self) -> None:
        """Stop."""
        self._socket.close()
