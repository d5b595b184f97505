import { describe, expect, it } from "vitest";
import { announcements } from "./announce";
import type { Input } from "./state";
import { after, event, joined, person, room, server, session } from "./testing/room";

const base = joined(room([person("p1"), person("p2"), person("t1", { role: "facilitator" })]));
const lead = joined(room([person("t1", { role: "facilitator" })]), { participant: "t1", role: "facilitator" });
const said = (before: typeof base, ...inputs: Input[]) => announcements(before, after(before, ...inputs));

describe("announcements", () => {
  it("name who comes and who leaves, politely", () => {
    expect(said(base, server(event(2, { kind: "participant", ...person("p3") }))).polite).toEqual(["Name p3 came in."]);
    expect(said(base, server(event(2, { kind: "participant_gone", id: "p2" }))).polite).toEqual(["Name p2 left."]);
  });

  it("tell facilitators, and nobody else, who waits", () => {
    const arrives = server(event(2, { kind: "participant", ...person("p3", { state: "WAITING" }) }));
    expect(said(lead, arrives).polite).toEqual(["Name p3 in the waiting room."]);
    expect(said(base, arrives).polite).toEqual([]);
  });

  it("interrupt for a break, for being muted, and for a lost connection", () => {
    const onBreak = server(event(2, { kind: "session", ...session({ on_break_since: "2026-11-17T15:00:00Z" }) }));
    expect(said(base, onBreak).assertive).toHaveLength(1);
    const muted = server(event(2, { kind: "participant", ...person("p1", { muted_by_staff: true, microphone: false }) }));
    expect(said(base, muted).assertive).toEqual(["The therapist muted you. Press M to unmute."]);
    expect(said(base, { type: "link", link: "down" }).assertive[0]).toContain("your seat is kept");
  });

  it("say that somebody is in the room now", () => {
    const waits = joined(room([person("p1", { state: "WAITING" })]), { state: "WAITING" });
    expect(said(waits, server(event(2, { kind: "participant", ...person("p1") }))).assertive).toEqual(["You are in the room now."]);
  });

  it("interrupt whoever is moved, and tell the others politely who stepped out", () => {
    const moved = (id: string, change = {}) => server(event(2, { kind: "participant", ...person(id, { side_room: "t1", ...change }) }));
    expect(said(base, moved("p1")).assertive).toEqual(["You are in a private room. The group does not hear or see you."]);
    expect(said(base, moved("p2"))).toEqual({ polite: ["Name p2 stepped out."], assertive: [] });
    const out = after(base, moved("p1"));
    const followed = said(out, server(event(3, { kind: "participant", ...person("t1", { side_room: "t1" }) })));
    expect(followed.polite).toEqual(["Name t1 came into your private room."]);
    const back = said(out, server(event(3, { kind: "participant", ...person("p1") })));
    expect(back.assertive).toEqual(["You are back in the group."]);
    const muted = said(out, server(event(3, { kind: "participant", ...person("p1", { muted_by_staff: true, microphone: false }) })));
    expect(muted).toEqual({ polite: [], assertive: ["You are back in the group. Your microphone is off: press M to speak."] });
  });

  it("say a stopped video, a shared screen, and to facilitators only the lock", () => {
    const stopped = server(event(2, { kind: "participant", ...person("p1", { camera_stopped_by_staff: true, camera: false }) }));
    expect(said(base, stopped).assertive).toEqual(["The therapist stopped your video. Press V to start it again."]);
    const shares = server(event(2, { kind: "participant", ...person("t1", { role: "facilitator", screen: true }) }));
    expect(said(base, shares).polite).toEqual(["Name t1 shares a screen."]);
    expect(said(base, { type: "screen", status: "on" }).assertive).toEqual(["You are sharing your screen."]);
    const locked = server(event(2, { kind: "session", ...session({ locked: true }) }));
    expect(said(lead, locked).polite).toEqual(["The room is locked."]);
    expect(said(base, locked).polite).toEqual([]);
  });

  it("say what becomes of pictures on a weak line, once", () => {
    const weak = server({ type: "media.quality", downlink: "sound_only", uplink: "good" });
    expect(said(base, weak).polite).toEqual(["Your connection is weak. Sound goes on; pictures come back by themselves."]);
    expect(announcements(after(base, weak), after(base, weak, { type: "tick", now: base.now })).polite).toEqual([]);
  });

  it("say a refusal once", () => {
    const command = { type: "session.start" } as const;
    const refused = after(lead, { type: "settled", command, refusal: "Not open yet." });
    expect(announcements(lead, refused).assertive).toEqual(["Not open yet."]);
    expect(announcements(refused, after(refused, { type: "tick", now: 1 })).assertive).toEqual([]);
  });

  it("are silent when only the clock moves", () => {
    expect(said(base, { type: "tick", now: 1 })).toEqual({ polite: [], assertive: [] });
  });
});
