"""A telephone that does whatever it is asked, REFER and Replaces among it: bare pjsua2 in a process of its own.

``python willing_phone.py NAME RTP_PORT SRTP``; tells its SIP port, then every change of its calls, one JSON line each.
It sounds at 1000 Hz and says whatever it hears back. A line on standard input is a URI to call, or ``again``: send a
re-INVITE on the last call, with media made anew. SRTP is ``off``, ``optional`` or ``required``.

Everything runs at 8 kHz, and A-law is its only codec: callbot's own build of PJSIP was made without resampling.
"""

import json
import os
import sys

import pjsua2 as pj

RATE_HZ = 8000


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Phone(pj.Account):
    """Answers at once."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802
        call = Call(self, prm.callId)
        self.calls.append(call)
        answer = pj.CallOpParam(True)
        answer.statusCode = 200
        call.answer(answer)


class Call(pj.Call):
    """A call, and the one that takes its place: pjsua2 reports both by one object unless it is given a second."""

    def onCallState(self, prm: pj.OnCallStateParam) -> None:  # noqa: N802
        info = self.getInfo()
        tell(state=info.stateText, remote=info.remoteContact, status=info.lastStatusCode)

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802
        self.tone = pj.ToneGenerator()
        self.tone.createToneGenerator(RATE_HZ)
        tone = pj.ToneDesc()
        tone.freq1, tone.on_msec, tone.off_msec = 1000, 1000, 0
        self.tone.play(pj.ToneDescVector([tone]), True)
        audio = self.getAudioMedia(-1)
        self.tone.startTransmit(audio)
        audio.startTransmit(audio)
        tell(media=True)

    def onCallSdpCreated(self, prm: pj.OnCallSdpCreatedParam) -> None:  # noqa: N802
        if prm.remSdp.wholeSdp:
            tell(answered_with_keys="a=crypto:" in prm.sdp.wholeSdp)

    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:  # noqa: N802
        tell(refer=prm.dstUri)

    def onCallReplaced(self, prm: pj.OnCallReplacedParam) -> None:  # noqa: N802
        tell(replaced=True)


def main() -> None:
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.logConfig.consoleLevel = config.logConfig.level = 0
    config.medConfig.noVad = True
    config.medConfig.clockRate = config.medConfig.sndClockRate = RATE_HZ
    endpoint.libInit(config)
    endpoint.audDevManager().setNullDev()
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    number = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    for codec in [codec.codecId for codec in endpoint.codecEnum2()]:
        endpoint.codecSetPriority(codec, 255 if codec.startswith("PCMA/") else 0)
    endpoint.libStart()
    port = int(endpoint.transportGetInfo(number).localName.rsplit(":", 1)[1])
    account = pj.AccountConfig()
    account.idUri = f"sip:{sys.argv[1]}@127.0.0.1:{port}"
    account.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    account.mediaConfig.transportConfig.port = int(sys.argv[2])
    account.mediaConfig.transportConfig.portRange = 40
    account.mediaConfig.srtpUse = ["off", "optional", "required"].index(sys.argv[3])
    account.mediaConfig.srtpSecureSignaling = 0
    phone = Phone()
    phone.create(account, True)
    tell(port=port)
    for order in sys.stdin:  # until the test closes it
        options = pj.CallOpParam(True)
        if order.strip() == "again":
            options.opt.flag = pj.PJSUA_CALL_REINIT_MEDIA
            phone.calls[-1].reinvite(options)
        else:
            phone.calls.append(Call(phone))
            phone.calls[-1].makeCall(order.strip(), options)
    endpoint.hangupAllCalls()
    os._exit(0)  # pjsua2's objects die in no particular order here, which PJSIP answers with an abort


main()
