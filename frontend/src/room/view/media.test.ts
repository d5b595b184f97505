// @vitest-environment happy-dom
import { render } from "lit";
import { beforeEach, describe, expect, it } from "vitest";
import { tileKey } from "../stage";
import { initial, reduce, type Input, type State } from "../state";
import { faultsOf } from "../testing/faults";
import { after, config, event, NOW, person, room, server, session, welcome } from "../testing/room";
import type { MediaSlot, ParticipantInfo, You } from "../wire";
import { appView } from "./app";
import type { Stage } from "./parts";

const sent: Input[] = [];
const stage: Stage = { send: (input) => void sent.push(input), camera: null, video: (mid) => ({ id: mid }) as MediaStreamTrack };
const lead = person("t1", { role: "facilitator" });
const LEAD = { participant: "t1", role: "facilitator" } as const;
const up: Input[] = [
  { type: "path", path: "publish", status: "connected" },
  { type: "path", path: "subscribe", status: "connected" },
];

function inside(people: ParticipantInfo[], you: Partial<You> = {}, ...inputs: Input[]): State {
  const start = reduce(initial(config, NOW, true), { type: "join", takeOver: false });
  return after(start, server(welcome(room(people), you)), ...up, ...inputs);
}

const slot = (mid: string, participant: string, change: Partial<MediaSlot> = {}): MediaSlot => ({ mid, kind: "video", participant, source: "camera", paused: false, ...change });
const slots = (...all: MediaSlot[]): Input => server({ type: "media.slots", slots: all });
const quality = (downlink: "good" | "reduced" | "sound_only", uplink: "good" | "weak" = "good"): Input => server({ type: "media.quality", downlink, uplink });
const tick = (later: number): Input => ({ type: "tick", now: NOW + later * 1_000 });

function draw(state: State): HTMLElement {
  document.body.innerHTML = '<main id="root"></main>';
  const root = document.getElementById("root") as HTMLElement;
  render(appView(state, stage), root);
  return root;
}

const find = (state: State, selector: string): HTMLElement | null => draw(state).querySelector<HTMLElement>(selector);
const press = (state: State, selector: string): Input[] => {
  find(state, selector)?.click();
  return sent.splice(0);
};

beforeEach(() => void (sent.length = 0));

const group = [person("p1"), person("p2"), lead];
const aside = [person("p1", { side_room: "t1" }), person("p2"), { ...lead, side_room: "t1" }];

describe.each<[string, State]>([
  ["a shared screen", inside([person("p1"), person("p2"), { ...lead, screen: true }], {}, slots(slot("s0", "t1", { source: "screen" })))],
  ["a private room, for its facilitator", inside(aside, LEAD)],
  ["a group whose therapist stepped out, with a pinned picture", inside([...aside, person("p3")], { participant: "p2" }, { type: "pin", key: "p3/camera" })],
  ["what can be done about a person, while sharing", inside(group, LEAD, { type: "screen", status: "on" }, { type: "dialog", dialog: { kind: "person", participant: "p2" } })],
  ["a locked room on a weak line", inside(group, LEAD, server(event(2, { kind: "session", ...session({ locked: true }) })), quality("reduced"), tick(10))],
])("%s", (_, state) => {
  it("has no fault that axe can find, and no style attribute", async () => {
    const root = draw(state);
    expect(await faultsOf(root)).toEqual([]);
    expect(root.querySelector("[style]")).toBeNull();
  });
});

describe("a picture", () => {
  const two = inside(group, {}, slots(slot("v0", "p2"), slot("v1", "t1", { paused: true })));

  it("that is paused shows initials and never a frozen frame", () => {
    const root = draw(two);
    expect(root.querySelector('[data-participant="p2"] video')?.getAttribute("data-mid")).toBe("v0");
    expect(root.querySelector('[data-participant="t1"] video')).toBeNull();
  });

  it("says that the line is the reason only when it is", () => {
    expect(draw(two).textContent).not.toContain("paused");
    expect(find(after(two, quality("reduced")), '[data-participant="t1"]')?.textContent).toContain("Picture paused: weak connection");
    expect(find(after(two, { type: "save", what: "sound_only" }), '[data-participant="t1"]')?.textContent).toContain("Sound only");
  });

  it("of a screen is never taken for the camera of the same person", () => {
    const shared = inside([person("p1"), { ...lead, screen: true }], {}, slots(slot("s0", "t1", { source: "screen" }), slot("v0", "t1")));
    const root = draw(shared);
    expect(root.querySelector(".focus [data-screen-of] video")?.getAttribute("data-mid")).toBe("s0");
    expect(root.querySelector('[data-participant="t1"] video')?.getAttribute("data-mid")).toBe("v0");
  });

  it("is pinned by its button and let go by the same, and so by a click on it", () => {
    const pinned = after(two, { type: "pin", key: tileKey("p2", "camera") });
    const button = '[data-participant="p2"] [data-action="pin"]';
    expect(press(two, button)).toEqual([{ type: "pin", key: "p2/camera" }]);
    expect(press(two, '[data-participant="p2"] .picture')).toEqual([{ type: "pin", key: "p2/camera" }]);
    expect(find(pinned, button)?.getAttribute("aria-pressed")).toBe("true");
    expect(press(pinned, button)).toEqual([{ type: "pin", key: null }]);
  });

  it("of oneself has no tools, and a mark for the own line", () => {
    const own = find(after(two, quality("good", "weak")), '[data-participant="p1"]');
    expect(own?.querySelector(".tile-tools")).toBeNull();
    expect(own?.querySelector("[data-line]")?.getAttribute("data-line")).toBe("weak");
  });
});

describe("a screen", () => {
  it("is offered to facilitators whose browser can, and to nobody else", () => {
    expect(press(inside(group, LEAD), '[data-action="share"]')).toEqual([{ type: "share", on: true }]);
    expect(find(inside(group), '[data-action="share"]')).toBeNull();
    expect(find({ ...inside(group, LEAD), canShare: false }, '[data-action="share"]')).toBeNull();
  });

  it("that is shared says so and can be stopped", () => {
    const sharing = inside(group, LEAD, { type: "share", on: true }, { type: "screen", status: "on" });
    expect(draw(sharing).textContent).toContain("You are sharing your screen");
    expect(press(sharing, '[data-action="unshare"]')).toEqual([{ type: "share", on: false }]);
  });
});

describe("facilitators", () => {
  const people = (change: Partial<ParticipantInfo>, ...more: ParticipantInfo[]): State =>
    inside([person("p1"), person("p2", change), lead, ...more], LEAD, { type: "dialog", dialog: { kind: "person", participant: "p2" } });
  const orders = (state: State, hook: string): Input[] => press(state, `dialog [data-action="${hook}"]`);

  it("mute, stop video, step out with and bring back one person", () => {
    const about = { participant: "p2" } as const;
    expect(orders(people({}), "mute")).toEqual([{ type: "command", command: { type: "participant.mute", ...about } }]);
    expect(orders(people({}), "stop-video")).toEqual([{ type: "command", command: { type: "participant.stop_video", ...about } }]);
    expect(orders(people({}), "step-out")).toEqual([{ type: "command", command: { type: "participant.move", ...about, side_room: "t1" } }]);
    expect(orders(people({ side_room: "t9" }), "bring-back")).toEqual([{ type: "command", command: { type: "participant.move", ...about, side_room: null } }]);
  });

  it("are offered nothing that is so already, and no third seat in a private room", () => {
    const root = draw(people({ microphone: false, camera: false }));
    for (const hook of ["mute", "stop-video", "bring-back"]) expect(root.querySelector(`dialog [data-action="${hook}"]`)).toBeNull();
    const taken = people({}, person("p3", { side_room: "t1" }));
    expect(find(taken, 'dialog [data-action="step-out"]')).toBeNull();
  });

  it("are asked before somebody is removed", () => {
    expect(orders(people({}), "remove")).toEqual([{ type: "dialog", dialog: { kind: "remove", participant: "p2" } }]);
  });

  it("lock and unlock the room by one switch, and see the lock", () => {
    const open = inside(group, LEAD);
    const locked = after(open, server(event(2, { kind: "session", ...session({ locked: true }) })));
    expect(press(open, '[data-action="lock"]')).toEqual([{ type: "command", command: { type: "room.lock", locked: true } }]);
    expect(find(locked, '[data-action="lock"]')?.getAttribute("aria-checked")).toBe("true");
    expect(find(locked, ".room-lock")?.textContent).toContain("Locked");
    expect(find(after(inside(group), server(event(2, { kind: "session", ...session({ locked: true }) }))), ".room-lock")).toBeNull();
  });

  it("have no menu of acts about a colleague or themselves", () => {
    const state = inside([...group, person("t2", { role: "facilitator" })], LEAD);
    for (const id of ["t1", "t2"]) expect(find(state, `[data-participant="${id}"] [data-action="person"]`)).toBeNull();
    expect(find(state, '[data-participant="p2"] [data-action="person"]')).not.toBeNull();
  });
});

describe("a private room", () => {
  it("says with whom, that the group hears nothing, and how one comes back", () => {
    expect(find(inside(aside), "[data-side-room]")?.textContent).toMatch(/private room with Name t1\.\s+The group does not hear or see you\. The therapist brings you back\./);
    expect(press(inside(aside, LEAD), '[data-action="step-back"]')).toEqual([
      { type: "command", command: { type: "participant.move", participant: "t1", side_room: null } },
    ]);
    expect(find(inside(aside), '[data-action="step-back"]')).toBeNull();
  });

  it("leaves a line in the group", () => {
    const root = draw(inside(aside, { participant: "p2" }));
    expect([...root.querySelectorAll("[data-stepped-out]")].map((one) => one.getAttribute("data-stepped-out"))).toEqual(["t1", "p1"]);
    expect([...root.querySelectorAll(".tile")].map((one) => one.getAttribute("data-participant"))).toEqual(["p2"]);
  });
});

describe("a weak line", () => {
  it("is offered sound only after ten seconds, with the way to decline", () => {
    const reduced = inside(group, {}, quality("reduced"));
    expect(find(after(reduced, tick(9)), '[data-action="sound-only"]')).toBeNull();
    expect(press(after(reduced, tick(10)), '[data-action="sound-only"]')).toEqual([{ type: "save", what: "sound_only" }]);
    expect(press(after(reduced, tick(10)), '[data-action="decline"]')).toEqual([{ type: "decline" }]);
  });

  it("that carries sound only says so, and that pictures come back", () => {
    expect(draw(inside(group, {}, quality("sound_only"))).textContent).toContain("Sound goes on; pictures come back by themselves.");
  });

  it("that does not carry the own picture offers to rest the camera, and a tap brings it back", () => {
    const weak = inside(group, {}, { type: "device", device: "camera", change: { status: "on" } }, quality("good", "weak"), tick(5));
    expect(press(weak, '[data-action="rest-camera"]')).toEqual([{ type: "save", what: "camera" }]);
    const resting = after(weak, { type: "save", what: "camera" });
    expect(find(resting, '[data-action="camera"]')?.textContent).toContain("Start camera");
    expect(press(resting, '[data-action="pictures"]')).toEqual([{ type: "pictures" }]);
  });

  it("gives way to the words for a lost one", () => {
    const lost = inside(group, {}, quality("reduced"), tick(10), { type: "path", path: "publish", status: "broken" });
    expect(find(lost, '[data-action="sound-only"]')).toBeNull();
  });
});

describe("a video stopped by staff", () => {
  it("is said like a mute, until the person starts it again", () => {
    const stopped = inside(group, {}, server(event(2, { kind: "participant", ...person("p1", { camera: false, camera_stopped_by_staff: true }) })));
    expect(draw(stopped).textContent).toContain("The therapist stopped your video");
    expect(draw(after(stopped, { type: "toggle", device: "camera" })).textContent).not.toContain("The therapist stopped your video");
  });
});
