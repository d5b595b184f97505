import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasSeat, screenOf } from "./select";
import { initial, isOn, reduce, sends, type Input } from "./state";
import { after, anyChange, anyRoom, config, event, joined, NOW, person, room, server, welcome } from "./testing/room";
import type { Closing } from "./wire";

const closing = (error: Closing["error"]): Input =>
  server({ type: "closing", id: null, error, text: "Because.", reason: null, way_out: null });

describe("screens", () => {
  it("begin with the preview and stay there while joining", () => {
    const start = initial(config, NOW);
    expect(screenOf(start)).toBe("preview");
    expect(screenOf(after(start, { type: "join", takeOver: false }))).toBe("preview");
  });

  it("lead a patient through the waiting room into the room by push alone", () => {
    const waits = joined(room([person("p1", { state: "WAITING" })]), { state: "WAITING" });
    expect(screenOf(waits)).toBe("waiting");
    const admitted = after(waits, server(event(2, { kind: "participant", ...person("p1") })));
    expect(screenOf(admitted)).toBe("room");
  });

  it("keep the room on the screen while the socket is away", () => {
    const state = after(joined(room([person("p1")])), { type: "link", link: "down" }, { type: "link", link: "connecting" });
    expect(screenOf(state)).toBe("room");
  });

  it("keep the room for somebody who is marked as reconnecting", () => {
    const state = after(joined(room([person("p1")])), server(event(2, { kind: "participant", ...person("p1", { state: "RECONNECTING" }) })));
    expect(screenOf(state)).toBe("room");
    expect(hasSeat(state)).toBe(true);
  });

  it("ask before the seat is taken from another device, also when that happens at a rejoin", () => {
    const error: Input = server({ type: "error", id: 1, error: "opened_elsewhere", text: "", reason: null, way_out: null });
    expect(screenOf(after(initial(config, NOW), { type: "join", takeOver: false }, error))).toBe("elsewhere");
    expect(screenOf(after(joined(room([person("p1")])), error))).toBe("elsewhere");
  });
});

describe("closing", () => {
  it.each(["denied", "removed", "superseded", "ended", "logged_out", "unauthenticated", "not_found", "not_yet_open"] as const)(
    "%s ends the visit and leaves nothing of the room behind",
    (error) => {
      const state = after(joined(room([person("p1"), person("p2")])), closing(error));
      expect(screenOf(state)).toBe("closed");
      expect(state).toMatchObject({ room: null, you: null, slots: [], speakers: [], tiles: [], dialog: null });
    },
  );

  it.each(["server_error", "rate_limited", "bad_message", "too_large"] as const)("%s is a pause, not an end", (error) => {
    const state = after(joined(room([person("p1")])), closing(error));
    expect(screenOf(state)).toBe("room");
    expect(state.link).toBe("down");
  });

  it("leaving can be taken back", () => {
    const state = after(joined(room([person("p1")])), { type: "leave" }, { type: "join", takeOver: false }, server(welcome(room([person("p1")], 4))));
    expect(screenOf(state)).toBe("room");
  });
});

describe("devices", () => {
  it("are wanted from the start and can be turned off before anybody asked for them", () => {
    const state = initial(config, NOW);
    expect(isOn(state, "camera")).toBe(true);
    expect(isOn(after(state, { type: "toggle", device: "camera" }), "camera")).toBe(false);
  });

  it("send only when they are wanted and there", () => {
    const refused = after(initial(config, NOW), { type: "device", device: "microphone", change: { status: "on" } }, { type: "device", device: "camera", change: { status: "denied" } });
    expect(sends(refused)).toEqual({ microphone: true, camera: false, screen: false });
  });

  it("follow a mute by staff once; unmuting stays the person's own choice", () => {
    const live = after(joined(room([person("p1")])), { type: "device", device: "microphone", change: { status: "on" } });
    const muted = after(live, server(event(2, { kind: "participant", ...person("p1", { microphone: false, muted_by_staff: true }) })));
    expect(isOn(muted, "microphone")).toBe(false);
    const again = after(muted, { type: "toggle", device: "microphone" });
    const echo = after(again, server(event(3, { kind: "participant", ...person("p1", { camera: false, muted_by_staff: true }) })));
    expect(isOn(echo, "microphone")).toBe(true);
  });

  it("stay off when staff turned them off while the socket was away", () => {
    const live = after(joined(room([person("p1")])), { type: "device", device: "microphone", change: { status: "on" } }, { type: "link", link: "down" });
    const back = room([person("p1", { microphone: false, muted_by_staff: true })], 5);
    expect(isOn(after(live, server(welcome(back, { resumed: true }))), "microphone")).toBe(false);
    expect(isOn(after(live, server(welcome(back, { resumed: false }))), "microphone")).toBe(true);
  });

  it("of somebody else are never touched by messages about them", () => {
    const state = after(joined(room([person("p1"), person("p2")])), server(event(2, { kind: "participant", ...person("p2", { muted_by_staff: true }) })));
    expect(isOn(state, "microphone")).toBe(true);
  });
});

describe("media", () => {
  it("is counted as lost each time the server says so, and slots are emptied", () => {
    const slot = { mid: "0", kind: "audio", participant: "p2", source: "microphone", paused: false } as const;
    const state = after(joined(room([person("p1")])), server({ type: "media.slots", slots: [slot] }), server({ type: "media.lost" }));
    expect(state.mediaLost).toBe(1);
    expect(state.slots).toEqual([]);
  });

  it("keeps its slots over a resumed seat and drops them with a new one", () => {
    const slot = { mid: "0", kind: "audio", participant: "p2", source: "microphone", paused: false } as const;
    const state = after(joined(room([person("p1")])), server({ type: "media.slots", slots: [slot] }));
    expect(after(state, server(welcome(room([person("p1")], 5), { resumed: true }))).slots).toEqual([slot]);
    expect(after(state, server(welcome(room([person("p1")], 5), { connection: "c2" }))).slots).toEqual([]);
  });
});

describe("the reducer", () => {
  const anyInput: fc.Arbitrary<Input> = fc.oneof(
    anyRoom.map((one) => server(welcome(one))),
    fc.tuple(fc.integer({ min: 0, max: 6 }), anyChange).map(([seq, change]) => server(event(seq, change))),
    fc.constantFrom<Input>(
      { type: "join", takeOver: false },
      { type: "leave" },
      { type: "tick", now: NOW },
      { type: "link", link: "down" },
      { type: "link", link: "up" },
      { type: "toggle", device: "camera" },
      { type: "panel", open: true },
      { type: "dialog", dialog: { kind: "leave" } },
      { type: "command", command: { type: "session.start" } },
      { type: "settled", command: { type: "session.start" }, refusal: "No." },
      { type: "path", path: "publish", status: "broken" },
      server({ type: "media.lost" }),
      server({ type: "speakers", participants: ["p2", "p9"] }),
      closing("ended"),
      closing("server_error"),
    ),
  );

  it("answers every input in every state, never shows a room without knowing who we are, and tiles exactly who is seated", () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 25 }), (inputs) => {
        const state = inputs.reduce(reduce, initial(config, NOW));
        if (screenOf(state) === "room") expect(state.you).not.toBeNull();
        if (state.phase === "closed") expect(state.room).toBeNull();
        const seated = (state.room?.participants ?? []).filter((one) => one.state === "IN_ROOM" || one.state === "RECONNECTING");
        expect([...state.tiles].sort()).toEqual(seated.map((one) => one.id).sort());
      }),
    );
  });

  it("keeps the clock of the server", () => {
    const state = after(joined(room([person("p1")])), { type: "tick", now: NOW + 5_000 });
    expect(state.now).toBe(NOW + 5_000);
  });
});
