// Rooms, people and messages for tests.
import fc from "fast-check";
import type { RoomConfig } from "../config";
import { initial, reduce, type Input, type State } from "../state";
import type { Change, ParticipantInfo, RoomState, ServerMessage, SessionInfo, Welcome } from "../wire";

export const NOW = Date.parse("2026-11-17T14:00:00Z");

export const config: RoomConfig = {
  wsUrl: "ws://localhost/ws/rooms/s/",
  sessionId: "s",
  title: "Morning group",
  you: { id: "p1", name: "Ana R.", role: "patient" },
  homeUrl: "/",
  phone: "(555) 010-0199",
  crisis: "988",
  programZone: "America/New_York",
  userZone: "America/New_York",
  scheduledStart: "2026-11-17T14:00:00Z",
  scheduledEnd: "2026-11-17T17:15:00Z",
  debug: false,
};

export function session(change: Partial<SessionInfo> = {}): SessionInfo {
  return {
    id: "s",
    title: "Morning group",
    phase: "OPEN",
    scheduled_start: "2026-11-17T14:00:00Z",
    scheduled_end: "2026-11-17T17:15:00Z",
    lobby_opens_at: "2026-11-17T13:45:00Z",
    opened_at: "2026-11-17T14:00:00Z",
    ended_at: null,
    on_break_since: null,
    auto_end_at: null,
    locked: false,
    facilitator_present: true,
    ...change,
  };
}

export function person(id: string, change: Partial<ParticipantInfo> = {}): ParticipantInfo {
  return {
    id,
    name: `Name ${id}`,
    full_name: null,
    role: "patient",
    state: "IN_ROOM",
    microphone: true,
    camera: true,
    screen: false,
    muted_by_staff: false,
    camera_stopped_by_staff: false,
    side_room: null,
    state_since: "2026-11-17T14:00:00Z",
    lobby_at: null,
    ...change,
  };
}

export function room(people: ParticipantInfo[], seq = 1, change: Partial<SessionInfo> = {}): RoomState {
  return { seq, session: session(change), participants: people };
}

export function welcome(snapshot: RoomState, you: Partial<Welcome["you"]> = {}): Welcome {
  return {
    type: "welcome",
    id: 1,
    protocol: 1,
    you: {
      participant: "p1",
      name: "Ana R.",
      role: "patient",
      state: "IN_ROOM",
      connection: "c1",
      secret: "secret-secret-secret",
      resumed: false,
      ...you,
    },
    snapshot,
    server_time: "2026-11-17T14:00:00Z",
  };
}

export const event = (seq: number, change: Change): ServerMessage => ({ type: "event", seq, change });
export const server = (message: ServerMessage): Input => ({ type: "server", message });

export function after(state: State, ...inputs: Input[]): State {
  return inputs.reduce(reduce, state);
}

/** A state that has pressed Join and been welcomed into a room. */
export function joined(snapshot: RoomState, you: Partial<Welcome["you"]> = {}): State {
  return after(initial(config, NOW), { type: "join", takeOver: false }, { type: "link", link: "connecting" }, server(welcome(snapshot, you)));
}

const ids = fc.constantFrom("p1", "p2", "p3", "p4", "t1");
const states = fc.constantFrom("WAITING", "IN_ROOM", "RECONNECTING", "LEFT", "REMOVED", "DENIED") as fc.Arbitrary<ParticipantInfo["state"]>;

export const anyPerson: fc.Arbitrary<ParticipantInfo> = fc
  .record({ id: ids, state: states, microphone: fc.boolean(), camera: fc.boolean(), muted_by_staff: fc.boolean() })
  .map((one) => person(one.id, { ...one, role: one.id.startsWith("t") ? "facilitator" : "patient" }));

export const anyChange: fc.Arbitrary<Change> = fc.oneof(
  anyPerson.map((one): Change => ({ kind: "participant", ...one })),
  ids.map((id): Change => ({ kind: "participant_gone", id })),
  fc
    .record({ on_break_since: fc.constantFrom(null, "2026-11-17T15:00:00Z"), auto_end_at: fc.constantFrom(null, "2026-11-17T15:15:00Z") })
    .map((change): Change => ({ kind: "session", ...session(change) })),
  fc.constant<Change>({ kind: "none" }),
);

export const anyRoom: fc.Arbitrary<RoomState> = fc
  .uniqueArray(anyPerson, { selector: (one) => one.id, maxLength: 5 })
  .map((people) => room(people.toSorted((one, other) => (one.id < other.id ? -1 : 1)), 1));
