"""From a control message to the relay and back: parse, do, answer. Every failure has an id of the wire."""

import json
from collections.abc import Callable

from pydantic import ValidationError

from realtime.relay.clock import Monotonic, WebClock
from realtime.relay.downlink.views import View
from realtime.relay.facts.journal import Journals, UnknownBootError
from realtime.relay.relay import (
    Allowed,
    BadSdpError,
    ClockNotSetError,
    OperationError,
    Relay,
    StaleGenerationError,
)
from realtime.wire import relay as wire


class Dispatch:
    """Answer requests of web processes; it knows nothing of sockets."""

    def __init__(self, *, relay: Relay, journals: Journals, clock: WebClock, now: Monotonic) -> None:
        self._relay = relay
        self._journals = journals
        self._clock = clock
        self._now = now
        self._operations: dict[type[wire.Request], Callable[..., wire.Ok]] = {
            wire.Hello: self._hello,
            wire.ClockProbe: lambda _: wire.ClockProbeOk(mono_ns=now()),
            wire.ClockSet: self._clock_set,
            wire.ConnectionOpen: self._open,
            wire.PublishOffer: self._publish_offer,
            wire.SubscribeOffer: self._subscribe_offer,
            wire.SubscribeAnswer: self._subscribe_answer,
            wire.ConnectionAllow: self._allow,
            wire.ConnectionView: self._view,
            wire.ConnectionClose: self._close,
            wire.RoomClose: self._close_room,
            wire.RoomLock: self._lock,
            wire.Drain: self._drain,
            wire.FactsBoots: lambda _: wire.BootsOk(boots=journals.boots()),
            wire.FactsRead: self._facts_read,
            wire.FactsAck: self._facts_ack,
            wire.Stats: lambda _: relay.stats(),
        }

    def answer(self, text: str) -> list[str]:
        """Return the reply to one text frame, whatever it holds; after a hello, also the state as events.

        A web process that says hello has missed every event before. States come whole, so they may repeat.
        """
        if len(text.encode("utf-8", "replace")) > wire.MAX_CONTROL_BYTES:
            return [_refusal(None, "too_large", "a control message is at most 64 KiB")]
        try:
            request = wire.REQUEST.validate_json(text)
        except ValidationError as error:
            return [_malformed(text, error)]
        reply = self._reply(request)
        if isinstance(reply, wire.ErrorReply) or not isinstance(request, wire.Hello):
            return [reply.model_dump_json()]
        return [reply.model_dump_json(), *(event.model_dump_json() for event in self._relay.state())]

    def _reply(self, request: wire.Request) -> wire.Reply | wire.ErrorReply:
        try:
            done = self._operations[type(request)](request)
        except OperationError as error:
            return _error(request.id, error.error, error.text)
        except BadSdpError as error:
            return _error(request.id, "bad_sdp", str(error))
        except StaleGenerationError:
            return _error(request.id, "stale_generation", "that peer connection has been replaced or is over")
        except ClockNotSetError:
            return _error(request.id, "clock_not_set", "set the clock before opening connections")
        except UnknownBootError:
            return _error(request.id, "bad_request", "there is no journal of that boot")
        except Exception:  # noqa: BLE001 - the fence: one request must not cut a web process off from every room
            self._relay.fault("request_fault")
            return _error(request.id, "bad_request", "the relay could not do this; its log says why")
        return wire.Reply(id=request.id, ok=done)

    def _hello(self, request: wire.Hello) -> wire.Ok:
        if request.version != wire.PROTOCOL_VERSION:
            raise OperationError("wrong_version", f"this relay speaks version {wire.PROTOCOL_VERSION}")
        return wire.HelloOk(boot=self._relay.boot, version=wire.PROTOCOL_VERSION, mono_ns=self._now())

    def _clock_set(self, request: wire.ClockSet) -> wire.Ok:
        self._clock.set(request.offset_ns, since_ns=self._now())
        return wire.Done()

    def _open(self, request: wire.ConnectionOpen) -> wire.Ok:
        self._relay.open(
            room=request.room,
            connection=request.connection,
            participant=request.participant,
            allowed=_allowed(request),
        )
        return wire.Done()

    def _publish_offer(self, request: wire.PublishOffer) -> wire.Ok:
        sdp = self._relay.publish_offer(
            connection=request.connection, generation=request.generation, sdp=_sized(request.sdp)
        )
        return wire.SdpOk(sdp=sdp)

    def _subscribe_offer(self, request: wire.SubscribeOffer) -> wire.Ok:
        sdp = self._relay.subscribe_offer(
            connection=request.connection, generation=request.generation, restart=request.restart
        )
        return wire.SdpOk(sdp=sdp)

    def _subscribe_answer(self, request: wire.SubscribeAnswer) -> wire.Ok:
        self._relay.subscribe_answer(
            connection=request.connection, generation=request.generation, sdp=_sized(request.sdp)
        )
        return wire.Done()

    def _allow(self, request: wire.ConnectionAllow) -> wire.Ok:
        self._relay.allow(connection=request.connection, allowed=_allowed(request))
        return wire.Done()

    def _view(self, request: wire.ConnectionView) -> wire.Ok:
        view = View.told(request.tiles, is_sound_only=request.sound_only)
        self._relay.look(connection=request.connection, view=view)
        return wire.Done()

    def _close(self, request: wire.ConnectionClose) -> wire.Ok:
        self._relay.close(connection=request.connection, reason=request.reason)
        return wire.Done()

    def _close_room(self, request: wire.RoomClose) -> wire.Ok:
        self._relay.close_room(room=request.room, reason=request.reason)
        return wire.Done()

    def _lock(self, request: wire.RoomLock) -> wire.Ok:
        self._relay.lock(room=request.room, participants=request.participants)
        return wire.Done()

    def _drain(self, request: wire.Drain) -> wire.Ok:
        self._relay.drain(request.seconds)
        return wire.Done()

    def _facts_read(self, request: wire.FactsRead) -> wire.Ok:
        return self._journals.read(
            boot=request.boot, after=request.after, limit=request.limit, now_ns=self._now()
        )

    def _facts_ack(self, request: wire.FactsAck) -> wire.Ok:
        self._journals.acknowledge(boot=request.boot, upto=request.upto)
        return wire.Done()


def _allowed(request: wire.ConnectionOpen | wire.ConnectionAllow) -> Allowed:
    return Allowed(request.microphone, request.camera, request.screen, request.side_room)


def _sized(sdp: str) -> str:
    if len(sdp.encode("utf-8", "replace")) > wire.MAX_SDP_BYTES:
        raise OperationError("too_large", "a session description is at most 32 KiB")
    return sdp


def _malformed(text: str, error: ValidationError) -> str:
    """Refuse what is no request, with its id if that much can be read; the text is never repeated."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raw = None
    identifier = raw.get("id") if isinstance(raw, dict) else None
    if type(identifier) is not int:
        identifier = None
    if any(each["type"] == "union_tag_invalid" for each in error.errors()):
        return _refusal(identifier, "unknown_op", "there is no such operation")
    return _refusal(identifier, "bad_request", "the request does not have the fields of its operation")


def _refusal(identifier: int | None, error: wire.RelayErrorId, text: str) -> str:
    return _error(identifier, error, text).model_dump_json()


def _error(identifier: int | None, error: wire.RelayErrorId, text: str) -> wire.ErrorReply:
    return wire.ErrorReply(id=identifier, error=wire.ErrorBody(error=error, text=text))
