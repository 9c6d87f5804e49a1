"""How a call ends at its carrier: sent on to a person, hung up, or left to what comes after the media socket."""

import logging
from uuid import UUID

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.moved import Moved
from auricle.consultations.lifecycle import ConsultationEnded
from auricle.errors import DatabaseUnavailable
from auricle.live.events import publish
from auricle.log import event
from auricle.phone.lines import Line, webhook
from auricle.phone.models import CallStatus, PhoneCall
from auricle.phone.rest import CarrierFailed, NotOffered
from auricle.phone.ringing import TALKED
from auricle.phone.status import Progress, advance
from auricle.voice.ports import Ending

log = logging.getLogger(__name__)

# Ends from outside that leave the caller with nobody to talk to: the conversation goes on elsewhere, or is over.
OVER = frozenset({Moved.code, ConsultationEnded.code})


class CallEnding:
    """What is done once a conversation by phone is over, in two steps: before its socket closes, and after."""

    def __init__(
        self, assembly: Assembly, doorkeeper: Actor, line: Line, *, call_id: UUID, carrier_call_id: str
    ) -> None:
        self._assembly, self._doorkeeper, self._line = assembly, doorkeeper, line
        self._call_id, self._carrier_call_id = call_id, carrier_call_id
        self.because = "failed"

    async def before_close(self, ending: Ending) -> None:
        """Write down how it ended, for `after` may ask at once, and have the carrier do the rest."""
        self.because = "agent" if ending.reason in OVER else ending.kind
        await self._note()
        try:
            if self.because == "hand_over":
                await self._hand_over()
            elif self.because in TALKED and ending.kind != "client":
                await self._assembly.carriers.hang_up(self._line.account, self._carrier_call_id)
        except NotOffered:
            return  # closing the socket lets the carrier's flow go on
        except CarrierFailed as error:  # `after` does the same once the socket is closed
            event(log, "the carrier did not end a call", logging.WARNING, error_code=error.code)

    async def _hand_over(self) -> None:
        line, base_url = self._line, self._assembly.settings.base_url
        if line.handover_number:
            await self._assembly.carriers.hand_over(
                line.account,
                self._carrier_call_id,
                number=line.handover_number,
                caller_id=line.number,
                after_url=f"{webhook(base_url, line.account.kind, line.token)}/after",
            )

    async def settle(self) -> None:
        """The socket is closed. A call that was talked out is over; with another the carrier may yet go on."""
        await self._note(over=self.because in TALKED)

    async def _note(self, *, over: bool = False) -> None:
        try:
            async with self._assembly.database.transaction(self._doorkeeper) as db:
                call = await db.get_one(PhoneCall, self._call_id, with_for_update=True)
                if self.because == "hand_over" and call.ended_because is None:
                    await publish(db, "phone.handed_over", call_id=call.id, consultation_id=call.consultation_id)
                call.ended_because = self.because
                if over:
                    await advance(db, call, Progress(None, status=CallStatus.COMPLETED))
        except DatabaseUnavailable:  # the carrier's word on the call's end is still to come
            event(log, "a call's end could not be stored", logging.WARNING)
