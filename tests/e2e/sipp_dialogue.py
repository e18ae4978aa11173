"""SIPp scenarios from one line a message, so that forty of them fit on a page.

::

    ["< INVITE", "> 183 sdp", "wait 300", "> 200 sdp", "< ACK", "> BYE", "< 200"]

Seen from the far end, which is called: ``<`` receives (``<?``: or not), ``>`` sends.

- ``> 486``, ``> 200 sdp``: an answer to the INVITE, whatever came since; ``> ok`` answers the latest BYE or CANCEL
- ``> BYE``, ``> INVITE sdp``, ``> INVITE hold``: a request inside the dialogue; ``again``: the latest one once more
- ``| Header: text`` behind any of them adds a header; ``wait 300`` lets 300 ms pass
"""

from collections.abc import Sequence

_KEEP = """
    <action>
      <ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="contact"/>
      <ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
      <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
      <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
      <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
    </action>"""

_KEEP_REQUEST = """
    <action>
      <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="rvia"/>
      <ereg regexp=".*" search_in="hdr" header="From:" assign_to="rfrom"/>
      <ereg regexp=".*" search_in="hdr" header="To:" assign_to="rto"/>
      <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="rcseq"/>
    </action>"""

_SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=far 1 {version} IN IP[media_ip_type] [media_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP {payload} 101
a=rtpmap:{payload} {codec}/8000
a=rtpmap:101 telephone-event/8000
a={direction}
"""

_NO_BODY = "Content-Length: 0\n"


def scenario(lines: Sequence[str]) -> str:
    """The XML of a scenario."""
    version, cseq = 0, 0
    steps = []
    for line in lines:
        words, _, header = (part.strip() for part in line.partition("|"))
        kind, *rest = words.split()
        again = "again" in rest
        body = next((word for word in rest if word in ("sdp", "hold", "pcmu")), "")
        version += bool(body)
        if kind == "wait":
            steps.append(f'  <pause milliseconds="{rest[0]}"/>')
        elif kind in ("<", "<?"):
            steps.append(_receive(rest[0], optional=kind == "<?"))
        elif rest[0].isdigit():
            steps.append(_send(_answer(rest[0], header, body, version)))
        elif rest[0] == "ok":
            steps.append(_send(_OK))
        else:
            cseq += not again
            steps.append(_send(_request(rest[0], cseq, header, body, version)))
    # SIPp refuses a variable that only one message uses.
    later = ",rvia,rfrom,rto,rcseq" if any(line in ("< BYE", "< CANCEL") for line in lines) else ""
    steps.append(f'  <Reference variables="contact,from,to,via,cseq{later}"/>')
    return '<?xml version="1.0"?>\n<scenario name="far end">\n' + "\n".join(steps) + "\n</scenario>\n"


def _receive(what: str, *, optional: bool) -> str:
    attribute = "response" if what.isdigit() else "request"
    maybe = ' optional="true"' if optional else ""
    keep = {"INVITE": _KEEP, "BYE": _KEEP_REQUEST, "CANCEL": _KEEP_REQUEST}.get(what, "")
    return f'  <recv {attribute}="{what}"{maybe}>{keep}</recv>'


def _send(text: str) -> str:
    return f"  <send><![CDATA[\n{text}\n]]></send>"


def _answer(status: str, header: str, body: str, version: int) -> str:
    tag = "" if status == "100" else ";tag=far[call_number]"
    return (
        f"SIP/2.0 {status} Status {status}\nVia:[$via]\nFrom:[$from]\nTo:[$to]{tag}\n[last_Call-ID:]\nCSeq:[$cseq]\n"
        f"Contact: <sip:far@[local_ip]:[local_port];transport=[transport]>\n{_more(header)}{_body(body, version)}"
    )


_OK = "SIP/2.0 200 OK\nVia:[$rvia]\nFrom:[$rfrom]\nTo:[$rto]\n[last_Call-ID:]\nCSeq:[$rcseq]\nContent-Length: 0\n"


def _request(method: str, cseq: int, header: str, body: str, version: int) -> str:
    number = 1 if method == "ACK" else cseq
    return (
        f"{method} [$contact] SIP/2.0\n"
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-far-{method}-{cseq}\n"
        f"From:[$to];tag=far[call_number]\nTo:[$from]\n[last_Call-ID:]\nCSeq: {number} {method}\n"
        f"Contact: <sip:far@[local_ip]:[local_port];transport=[transport]>\nMax-Forwards: 70\n"
        f"{_more(header)}{_body(body, version)}"
    )


def _more(header: str) -> str:
    return f"{header}\n" if header else ""


def _body(body: str, version: int) -> str:
    if not body:
        return _NO_BODY
    payload, codec = ("0", "PCMU") if body == "pcmu" else ("8", "PCMA")
    direction = "sendonly" if body == "hold" else "sendrecv"
    return _SDP.format(version=version, payload=payload, codec=codec, direction=direction)
