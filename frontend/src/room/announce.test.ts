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
