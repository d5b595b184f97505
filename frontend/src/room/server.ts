// What each message of the server does to the state. Pure; docs/protocol.md section 3.
import { measured } from "./network";
import { FINAL } from "./signal";
import { applyEvent } from "./snapshot";
import { closedBy, withDevice, type State } from "./state";
import type { ParticipantInfo, RoomState, ServerMessage, Welcome } from "./wire";

/** Take one message of the server. Answers to requests (`ack`, SDP) are the business of effects and change nothing here. */
export function onServer(state: State, message: ServerMessage): State {
  switch (message.type) {
    case "welcome":
      return welcomed(state, message);
    case "event": {
      if (!state.room) return state;
      const { room, gap } = applyEvent(state.room, message.seq, message.change);
      return gap ? { ...state, needsSnapshot: true } : withRoom(state, room);
    }
    case "snapshot":
      // An answer overtaken by later events would take the room back in time.
      if (!state.room || message.snapshot.seq < state.room.seq) return { ...state, needsSnapshot: false };
      return { ...withRoom(state, message.snapshot), needsSnapshot: false };
    case "pong":
      return state.room && message.seq > state.room.seq + 1 ? { ...state, needsSnapshot: true } : state;
    case "media.slots":
      return { ...state, slots: message.slots };
    case "media.state":
      return { ...state, mediaSeen: message.state };
    case "media.lost":
      return { ...state, mediaLost: state.mediaLost + 1, relayAway: false, slots: [], speakers: [], network: unmeasured(state) };
    case "media.quality":
      return { ...state, network: measured(state.network, message, state.now) };
    case "speakers":
      return sameSet(state.speakers, message.participants) ? state : { ...state, speakers: message.participants };
    case "attendance":
      return {
        ...state,
        minutes: Object.fromEntries(message.participants.map((line) => [line.participant, line.minutes])),
      };
    case "closing":
      return closedOrRetried(state, message);
    case "error":
      return message.error === "opened_elsewhere" && (state.phase === "joining" || state.phase === "joined")
        ? { ...state, phase: "elsewhere" }
        : state;
    case "ack":
    case "publish.answer":
    case "subscribe.offer":
    case "ice_servers":
      return state;
  }
}

function welcomed(state: State, message: Welcome): State {
  const kept = message.you.resumed;
  return {
    // What staff turned off while the socket was away stays off; a fresh join begins with what the person wants.
    ...(kept ? withRoom(state, message.snapshot) : state),
    phase: "joined",
    closed: null,
    you: message.you,
    room: message.snapshot,
    needsSnapshot: false,
    link: "up",
    slots: kept ? state.slots : [],
    speakers: kept ? state.speakers : [],
    network: kept ? state.network : unmeasured(state),
    clockOffset: state.clockOffset + Date.parse(message.server_time) - state.now,
    now: Date.parse(message.server_time),
  };
}

/** Nothing has been measured on the media to come; what the person chose stays. */
function unmeasured(state: State): State["network"] {
  return measured(state.network, { downlink: "good", uplink: "good" }, state.now);
}

function withRoom(state: State, room: RoomState): State {
  const before = self(state, state.room);
  const after = self(state, room);
  let next: State = { ...state, room };
  // Staff muted us or stopped our video: the device follows, and only the person turns it on again.
  if (after?.muted_by_staff && !before?.muted_by_staff) next = withDevice(next, "microphone", { want: false });
  if (after?.camera_stopped_by_staff && !before?.camera_stopped_by_staff) next = withDevice(next, "camera", { want: false });
  // One screen is shown at a time, and none is taken along into another room: the server ended ours.
  if (before?.screen && after && !after.screen) next = { ...next, media: { ...next.media, screen: { want: false, status: "off" } } };
  return next;
}

function self(state: State, room: RoomState | null): ParticipantInfo | undefined {
  return room?.participants.find((one) => one.id === state.you?.participant);
}

function closedOrRetried(state: State, message: Extract<ServerMessage, { type: "closing" }>): State {
  if (!FINAL.has(message.error)) return { ...state, link: "down" };
  const { error, text, reason, way_out: wayOut } = message;
  return closedBy(state, { error, text, reason, wayOut });
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id));
}
