"""The only module that chooses implementations: one function per port."""

from callbot.ports import Recogniser, Vad, Voice
from callbot.settings import Settings
from callbot.speech.prompts import PromptCache
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint

_RTP_PORTS = 200
"""RTP ports per line; a leg takes two (RTP and RTCP), and re-used ones rest a while."""


def recogniser(settings: Settings) -> Recogniser:
    """The recogniser of the settings, its model loaded. Errors: ``SpeechError``."""
    from callbot.speech import models

    match settings.speech.recogniser:
        case "whisper":
            from callbot.speech.whisper import WhisperRecogniser

            return WhisperRecogniser(models.ensure("whisper-base", settings.model_dir), settings.speech.workers)
        case "vosk":
            from callbot.speech.vosk import VoskRecogniser

            return VoskRecogniser(models.vosk_folder(settings.speech.vosk_model))


def voice(settings: Settings) -> Voice:
    """The voice of the settings, loaded. Errors: ``SpeechError``."""
    from callbot.speech import models

    match settings.speech.voice:
        case "kokoro":
            from callbot.speech.kokoro import KokoroVoice

            model = models.ensure("kokoro", settings.model_dir)
            return KokoroVoice(model, settings.speech.speaker, settings.speech.speed)
        case "pyttsx3":
            from callbot.speech.pyttsx3_voice import Pyttsx3Voice

            return Pyttsx3Voice(settings.speech.speed)


def prompts(settings: Settings) -> PromptCache:
    """The prompt cache of the voice in the settings; does not load the voice."""
    return PromptCache(settings.prompt_dir, voice_name(settings))


def voice_name(settings: Settings) -> str:
    """``Voice.name`` of the voice in the settings."""
    speech = settings.speech
    return f"{speech.voice}/{speech.speaker}/{speech.speed}"


def vad() -> Vad:
    """A voice activity detector for one leg."""
    from callbot.turn.vad import GatedVad

    return GatedVad()


async def endpoint(settings: Settings, number: int) -> Pjsua2Endpoint:
    """The SIP endpoint of line ``number`` (from 0). Errors: ``TelephonyError`` such as a busy port."""
    telephony = settings.telephony
    return await Pjsua2Endpoint.start(
        EndpointConfig(
            bind=telephony.bind,
            sip_port=telephony.sip_port + number,
            rtp_port=telephony.rtp_port + number * _RTP_PORTS,
            rtp_ports=_RTP_PORTS,
        )
    )
