"""How a call ends at its carrier: sent on to a person, hung up, or left to what comes after the media socket."""

import logging
from uuid import UUID

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.moved import Moved
from auricle.channels.protocols.carrier import CarrierWire
from auricle.consultations.lifecycle import ConsultationEnded
from auricle.errors import DatabaseUnavailable
from auricle.live.events import publish
from auricle.log import event
from auricle.phone.lines import Line, webhook
from auricle.phone.models import CallStatus, PhoneCall
from auricle.phone.rest import CarrierFailed, NotOffered
from auricle.phone.ringing import LOST, TALKED
from auricle.phone.status import Progress, advance
from auricle.voice.ports import Ending

log = logging.getLogger(__name__)

# Ends from outside that leave the caller with nobody to talk to: the conversation goes on elsewhere, or is over.
OVER = frozenset({Moved.code, ConsultationEnded.code})


class CallEnding:
    """What is done once a conversation by phone is over, in two steps: before its socket closes, and after."""

    def __init__(self, assembly: Assembly, doorkeeper: Actor, line: Line, wire: CarrierWire, call_id: UUID) -> None:
        self._assembly, self._doorkeeper, self._line, self._wire = assembly, doorkeeper, line, wire
        self._call_id, self._carrier_call_id = call_id, wire.started.call_id
        self.because = "failed"

    async def before_close(self, ending: Ending) -> None:
        """Write down how it ended, for `after` may ask at once, and have the carrier do the rest."""
        self.because = "agent" if ending.reason in OVER else ending.kind
        if ending.kind == "client":
            self.gone()
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

    def gone(self) -> None:
        """Nothing more comes. Where the carrier did not say so, its socket broke, and the caller may still be there."""
        self.because = "client" if self._wire.stopped else LOST

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
