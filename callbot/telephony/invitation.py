"""What an INVITE that comes in says, and whether its audio is encrypted as its trunk requires (pure)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from callbot.telephony.trunks import Login

_USER = re.compile(r"sips?:(?:([^@;>\s]*)@)?")
_ENCRYPTED = re.compile(r"^m=audio \d+ (?:UDP/TLS/)?RTP/SAVPF? ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Invitation:
    """``number`` is the user part of the request URI (To may be rewritten on the way), ``caller`` that of From.

    ``source``: the address it came from. ``encrypted``: it offers encrypted audio and nothing else.
    """

    number: str
    caller: str
    source: str
    encrypted: bool


def read_invitation(message: str, caller: str, source: str) -> Invitation:
    """From the whole message, the From URI, and the address with its port."""
    request = message.split("\r\n", 1)[0]
    host = source.rpartition(":")[0].strip("[]")
    return Invitation(user_part(request), user_part(caller), host, bool(_ENCRYPTED.search(message)))


def user_part(text: str) -> str:
    """The user part of the first SIP URI in a header or request line, "" without one."""
    found = _USER.search(text)
    return (found.group(1) or "") if found else ""


def wrongly_in_clear(invitation: Invitation, logins: Sequence[Login]) -> bool:
    """Whether this call must not be taken because a trunk requires encryption.

    Who calls is known by address alone; a caller who is no trunk that talks in clear counts as the one that does not.
    """
    required = any(login.trunk.srtp == "required" for login in logins)
    in_clear = {login.trunk.host for login in logins if login.trunk.srtp != "required"}
    return required and not invitation.encrypted and invitation.source not in in_clear
