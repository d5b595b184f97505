import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyEvent } from "./snapshot";
import { reduce } from "./state";
import { anyChange, anyRoom, event, joined, person, room, server } from "./testing/room";
import type { Change, RoomState } from "./wire";

/** An independent reading of the protocol: what the server's snapshot would be after these changes. */
function later(start: RoomState, changes: readonly Change[]): RoomState {
  const people = new Map(start.participants.map((one) => [one.id, one]));
  let { session } = start;
  for (const change of changes) {
    const { kind, ...block } = change as Change & Record<string, unknown>;
    if (kind === "session") session = block as unknown as RoomState["session"];
    if (kind === "participant") people.set((block as { id: string }).id, block as unknown as RoomState["participants"][number]);
    if (kind === "participant_gone") people.delete((block as { id: string }).id);
  }
  const participants = [...people.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  return { seq: start.seq + changes.length, session, participants };
}

describe("a room's snapshot", () => {
  it("with all later events is the later snapshot", () => {
    fc.assert(
      fc.property(anyRoom, fc.array(anyChange, { maxLength: 30 }), (start, changes) => {
        let now = start;
        changes.forEach((change, index) => {
          const applied = applyEvent(now, start.seq + index + 1, change);
          expect(applied.gap).toBe(false);
          now = applied.room;
        });
        expect(now).toEqual(later(start, changes));
      }),
    );
  });

  it("ignores events it already holds", () => {
    fc.assert(
      fc.property(anyRoom, anyChange, fc.integer({ min: 0, max: 1 }), (start, change, seq) => {
        expect(applyEvent(start, seq, change)).toEqual({ room: start, gap: false });
      }),
    );
  });

  it("stays as it is and reports the gap when a number is missing", () => {
    fc.assert(
      fc.property(anyRoom, anyChange, fc.integer({ min: 3, max: 99 }), (start, change, seq) => {
        expect(applyEvent(start, seq, change)).toEqual({ room: start, gap: true });
      }),
    );
  });
});

describe("events with losses", () => {
  it("end in the true room once the snapshot that was asked for arrives", () => {
    fc.assert(
      fc.property(anyRoom, fc.array(fc.tuple(anyChange, fc.boolean()), { minLength: 1, maxLength: 30 }), (start, sent) => {
        let state = joined(start);
        let lost = false;
        sent.forEach(([change, arrives], index) => {
          if (arrives) state = reduce(state, server(event(start.seq + index + 1, change)));
          if (arrives && lost) expect(state.needsSnapshot).toBe(true);
          lost ||= !arrives;
        });
        const truth = later(start, sent.map(([change]) => change));
        // A lost last event shows in the next answer to a ping.
        state = reduce(state, server({ type: "pong", id: 9, server_time: "2026-11-17T14:00:00Z", seq: truth.seq + 1 }));
        if (lost) state = reduce(state, server({ type: "snapshot", id: 10, snapshot: truth }));
        expect(state.room).toEqual(truth);
      }),
    );
  });

  it("do not let an old snapshot take the room back in time", () => {
    const state = joined(room([person("p1")], 7));
    const old = room([person("p1"), person("p2")], 6);
    const next = reduce({ ...state, needsSnapshot: true }, server({ type: "snapshot", id: 3, snapshot: old }));
    expect(next.room?.seq).toBe(7);
    expect(next.needsSnapshot).toBe(false);
  });
});
