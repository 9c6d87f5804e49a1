"""Send one mail: through the configured SMTP server, or, without one, onto the operator's console.

Never through the log: mails carry links that sign people in.
"""

import sys
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib

from auricle import settings
from auricle.errors import Invalid, Unavailable


class MailFailed(Unavailable):
    """The mail could not be handed to the mail server."""

    code = "mail.failed"


class BadLetter(Invalid):
    """This can't be sent as a mail."""

    code = "validation.bad_letter"


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    text: str


async def send(server: settings.Mail, letter: Letter) -> None:
    """Hand a letter over. No transaction may be open meanwhile.

    Raises:
        MailFailed: the server could not be reached or refused it.
        BadLetter: an address or subject that would make further headers.
    """
    message = as_message(server.sender, letter)
    if server.host is None:
        sys.stdout.write(f"auricle: no mail server is set, so this mail is shown here:\n{as_text(letter)}\n")
        sys.stdout.flush()
        return
    try:
        await aiosmtplib.send(
            message,
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password.get_secret_value() if server.password else None,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=server.timeout_s,
        )
    except (aiosmtplib.SMTPException, OSError) as error:
        raise MailFailed(reason=type(error).__name__) from None  # the exception's text holds addresses


def as_message(sender: str, letter: Letter) -> EmailMessage:
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    except ValueError:
        raise BadLetter from None
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="auricle.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def as_text(letter: Letter) -> str:
    return "\n".join(f"  │ {line}" for line in (f"To: {letter.to}", letter.subject, "", *letter.text.splitlines()))
