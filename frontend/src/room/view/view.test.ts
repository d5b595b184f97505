// @vitest-environment happy-dom
import { render } from "lit";
import { beforeEach, describe, expect, it } from "vitest";
import { initial, type Input, type State } from "../state";
import { faultsOf } from "../testing/faults";
import { after, config, joined, NOW, person, room, server } from "../testing/room";
import { appView } from "./app";
import type { Stage } from "./parts";

const sent: Input[] = [];
const stage: Stage = { send: (input) => void sent.push(input), camera: null, video: () => null };

function draw(state: State): HTMLElement {
  document.body.innerHTML = '<main id="root"></main>';
  const root = document.getElementById("root") as HTMLElement;
  render(appView(state, stage), root);
  return root;
}

const click = (root: HTMLElement, action: string): void => root.querySelector<HTMLElement>(`[data-action="${action}"]`)?.click();
const people = [person("p1"), person("p2", { microphone: false, camera: false }), person("t1", { role: "facilitator" })];
const lead = joined(room([...people.slice(0, 2), person("p3", { state: "WAITING" }), person("p4", { state: "WAITING" }), person("p5", { state: "REMOVED" }), people[2]!]), {
  participant: "t1",
  role: "facilitator",
});
const closing = (error: "ended" | "removed" | "superseded" | "denied" | "logged_out" | "not_yet_open", way_out: string | null = null): State =>
  after(joined(room(people)), server({ type: "closing", id: null, error, text: "Please sign the telehealth agreement.", reason: null, way_out }));

const screens: Record<string, State> = {
  preview: initial(config, NOW),
  "preview without camera": after(initial(config, NOW), { type: "device", device: "camera", change: { status: "denied" } }),
  waiting: joined(room([person("p1", { state: "WAITING" })], 1, { phase: "SCHEDULED", opened_at: null }), { state: "WAITING" }),
  room: joined(room(people)),
  "room of a facilitator": lead,
  break: joined(room(people, 1, { on_break_since: "2026-11-17T14:30:00Z" })),
  "no facilitator": joined(room(people.slice(0, 2), 1, { auto_end_at: "2026-11-17T14:15:00Z", facilitator_present: false })),
  "leave question": after(joined(room(people)), { type: "dialog", dialog: { kind: "leave" } }),
  "remove question": after(lead, { type: "dialog", dialog: { kind: "remove", participant: "p2" } }),
  devices: after(joined(room(people)), { type: "dialog", dialog: { kind: "devices" } }),
  keys: after(joined(room(people)), { type: "dialog", dialog: { kind: "keys" } }),
  ended: closing("ended"),
  removed: closing("removed"),
  elsewhere: after(initial(config, NOW), { type: "join", takeOver: false }, server({ type: "error", id: 1, error: "opened_elsewhere", text: "", reason: null, way_out: null })),
  unsupported: after(initial(config, NOW), { type: "unsupported" }),
};

beforeEach(() => void (sent.length = 0));

describe.each(Object.entries(screens))("%s", (_, state) => {
  it("has no fault that axe can find, one main heading, and no style attribute", async () => {
    const root = draw(state);
    expect(await faultsOf(root)).toEqual([]);
    expect(root.querySelectorAll("h1")).toHaveLength(1);
    expect(root.querySelector("[style]")).toBeNull();
  });

  it("shows the number to call and the crisis line", () => {
    const root = draw(state);
    expect(root.querySelector('a[href="tel:5550100199"]')).not.toBeNull();
    expect(root.querySelector('a[href="tel:988"]')).not.toBeNull();
  });
});

describe("buttons", () => {
  it("name what joining will mean", () => {
    const words = (state: State): string | undefined => draw(state).querySelector('[data-action="join"]')?.textContent?.trim();
    const start = initial(config, NOW);
    const noCamera = after(start, { type: "toggle", device: "camera" });
    expect(words(start)).toBe("Join");
    expect(words(noCamera)).toBe("Join with microphone only");
    expect(words(after(noCamera, { type: "toggle", device: "microphone" }))).toBe("Join to listen only");
  });

  it("ask before leaving, and say that one may come back", () => {
    click(draw(screens["room"]!), "leave");
    expect(sent).toEqual([{ type: "dialog", dialog: { kind: "leave" } }]);
    expect(draw(screens["leave question"]!).textContent).toContain("If you come back soon, you need not wait again");
  });

  it("admit one person, or everybody who waits", () => {
    const root = draw(lead);
    root.querySelector<HTMLElement>('[data-waiting="p3"] [data-action="admit"]')?.click();
    click(root, "admit-all");
    expect(sent).toEqual([
      { type: "command", command: { type: "participant.admit", participant: "p3" } },
      { type: "command", command: { type: "participants.admit_all" } },
    ]);
  });

  it("let somebody back in who was removed, or turned away at the door by mistake", () => {
    const root = draw(joined(room([person("t1", { role: "facilitator" }), person("p5", { state: "REMOVED" }), person("p6", { state: "DENIED" })]), { participant: "t1", role: "facilitator" }));
    for (const id of ["p5", "p6"]) root.querySelector<HTMLElement>(`[data-away="${id}"] [data-action="readmit"]`)?.click();
    expect(sent).toEqual(["p5", "p6"].map((participant) => ({ type: "command", command: { type: "participant.readmit", participant } })));
  });

  it("offer a tap while the browser holds the sound back", () => {
    click(draw(after(joined(room(people)), { type: "sound", blocked: true })), "unblock");
    expect(sent).toEqual([{ type: "unblock" }]);
    expect(draw(joined(room(people))).querySelector('[data-action="unblock"]')).toBeNull();
  });

  it("are not sent twice while the answer is awaited", () => {
    const busy = after(lead, { type: "command", command: { type: "participants.admit_all" } });
    click(draw(busy), "admit-all");
    expect(sent).toEqual([]);
  });

  it("of facilitators are not drawn for patients", () => {
    const root = draw(screens["room"]!);
    for (const action of ["start", "end", "admit", "mute", "remove", "break-start"]) expect(root.querySelector(`[data-action="${action}"]`)).toBeNull();
  });

  it("offer to take the seat over only after a continuation elsewhere", () => {
    click(draw(closing("superseded")), "again");
    expect(sent).toEqual([{ type: "join", takeOver: true }]);
  });
});

describe("the way out of a refusal", () => {
  it("is a link when it is a path of ours", () => {
    const link = draw(closing("denied", "/my/agreements/")).querySelector<HTMLAnchorElement>('[data-action="way-out"]');
    expect(link?.getAttribute("href")).toBe("/my/agreements/");
  });

  it.each(["//evil.example/", "javascript:alert(1)", "https://evil.example/"])("is never a link to %s", (way) => {
    expect(draw(closing("denied", way)).querySelector('[data-action="way-out"]')).toBeNull();
  });
});
