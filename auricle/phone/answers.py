"""What a carrier is told to do with a call: TwiML for Twilio, Plivo's XML. Plain text in, text out."""

from xml.sax.saxutils import escape, quoteattr

from auricle.phone.models import Kind

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
RING_S = 30
MULAW = "audio/x-mulaw;rate=8000"

# Voices that the carriers have; what they do not speak is said in English.
TWILIO_SPEAKS = frozenset({"en", "hi", "ta", "te", "bn", "mr", "gu", "kn", "ml", "pa"})
PLIVO_SPEAKS = frozenset({"en", "hi"})


def speaks(kind: Kind, language: str) -> bool:
    """Whether the carrier's own voice has this language."""
    return language in (TWILIO_SPEAKS if kind is Kind.TWILIO else PLIVO_SPEAKS)


def response(*verbs: str) -> str:
    return f"{HEAD}<Response>{''.join(verbs)}</Response>"


def connect(kind: Kind, *, media_url: str, ticket: str, after_url: str) -> str:
    """Open the media socket; when that is over, ask us what comes next."""
    if kind is Kind.TWILIO:
        stream = (
            f"<Connect><Stream url={quoteattr(media_url)}>"
            f'<Parameter name="ticket" value={quoteattr(ticket)}/></Stream></Connect>'
        )
    else:
        stream = (
            f'<Stream bidirectional="true" keepCallAlive="true" contentType="{MULAW}"'
            f" extraHeaders={quoteattr(f'ticket={ticket}')}>{escape(media_url)}</Stream>"
        )
    return response(stream, f'<Redirect method="POST">{escape(after_url)}</Redirect>')


def dial(kind: Kind, *, number: str, caller_id: str) -> str:
    """Connect the caller with a person."""
    attributes = f'callerId={quoteattr(caller_id)} timeout="{RING_S}"'
    inner = f"<Number>{escape(number)}</Number>"
    if kind is Kind.TWILIO:
        attributes += ' answerOnBridge="true"'
    return response(f"<Dial {attributes}>{inner}</Dial>")


def say(kind: Kind, text: str, language: str) -> str:
    """Say one sentence and hang up."""
    verb = "Say" if kind is Kind.TWILIO else "Speak"
    return response(f'<{verb} language="{language}-IN">{escape(text)}</{verb}>', "<Hangup/>")


def busy(kind: Kind) -> str:
    """Do not take the call: the caller hears the busy tone, and pays nothing."""
    return response('<Reject reason="busy"/>' if kind is Kind.TWILIO else '<Hangup reason="busy"/>')


def hang_up() -> str:
    return response("<Hangup/>")
