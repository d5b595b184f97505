import { describe, expect, it } from "vitest";
import { reactions } from "./reactions";
import { reduce, type Input, type State } from "./state";
import { after, config, event, joined, NOW, person, room, server, welcome } from "./testing/room";
import { initial } from "./state";

const does = (state: State, input: Input) => reactions(state, reduce(state, input), input).map((effect) => effect.do);
const seated = joined(room([person("p1")]));
const waits = joined(room([person("p1", { state: "WAITING" })]), { state: "WAITING" });
const sending = after(
  seated,
  { type: "device", device: "microphone", change: { status: "on" } },
  { type: "device", device: "camera", change: { status: "on" } },
);

describe("what follows", () => {
  it("media is built when a seat is given, not before", () => {
    expect(does(initial(config, NOW), { type: "join", takeOver: false })).toEqual(["dial"]);
    const admitted = server(event(2, { kind: "participant", ...person("p1") }));
    expect(does(waits, admitted)).toContain("start_paths");
    expect(does(after(waits, admitted), { type: "tick", now: NOW })).toEqual([]);
  });

  it("media stays while the socket is away", () => {
    expect(does(seated, { type: "link", link: "down" })).toEqual([]);
    expect(does(after(seated, { type: "link", link: "down" }), { type: "link", link: "connecting" })).toEqual([]);
  });

  it("a resumed seat only retries what is broken, a new seat builds anew", () => {
    expect(does(seated, server(welcome(room([person("p1")], 3), { resumed: true })))).toContain("retry_paths");
    expect(does(seated, server(welcome(room([person("p1")], 3), { connection: "c2" })))).toContain("rebuild_paths");
  });

  it("media lost at the server is built anew", () => {
    expect(does(seated, server({ type: "media.lost" }))).toEqual(["rebuild_paths", "view_anew"]);
  });

  it("media ends with the seat, and devices are let go when the visit is over", () => {
    expect(does(sending, { type: "leave" })).toEqual(["leave", "stop_paths", "drop", "drop", "awake"]);
  });

  it("a gap asks for the snapshot at once, and again with the next tick while it is missing", () => {
    const gap = server(event(9, { kind: "none" }));
    expect(does(seated, gap)).toEqual(["snapshot"]);
    expect(does(after(seated, gap), { type: "tick", now: NOW })).toEqual(["snapshot"]);
  });

  it("muting keeps the track and tells the server; camera off lets the camera go", () => {
    expect(does(sending, { type: "toggle", device: "microphone" })).toEqual(["turn_off", "media_set"]);
    expect(does(sending, { type: "toggle", device: "camera" })).toEqual(["turn_off", "media_set"]);
  });

  it("a device that was refused is asked for again when the person says so", () => {
    const refused = after(seated, { type: "device", device: "camera", change: { status: "denied" } });
    expect(does(refused, { type: "toggle", device: "camera" })).toEqual(["turn_on"]);
  });

  it("a mute by staff turns the microphone off", () => {
    const muted = server(event(2, { kind: "participant", ...person("p1", { muted_by_staff: true, microphone: false }) }));
    expect(does(sending, muted)).toEqual(["turn_off", "media_set"]);
  });

  it("after coming back the server is told what is really sent", () => {
    const back = server(welcome(room([person("p1", { camera: false })], 3), { resumed: true }));
    expect(does(sending, back)).toContain("media_set");
  });

  it("a camera that rests is let go, and comes back by itself when the line has been good, or by a tap", () => {
    const resting = after(sending, { type: "save", what: "sound_only" });
    expect(does(sending, { type: "save", what: "sound_only" })).toEqual(["turn_off", "media_set", "view"]);
    expect(does(resting, { type: "tick", now: NOW + 31_000 })).toEqual(["turn_on", "media_set", "view"]);
    expect(does(resting, { type: "toggle", device: "camera" })).toContain("turn_on");
    const never = after(resting, { type: "toggle", device: "camera" }, { type: "toggle", device: "camera" });
    expect(does(never, { type: "tick", now: NOW + 31_000 })).toEqual(["view"]);
  });

  it("a video stopped by staff turns the camera off, and a new wish turns it on again", () => {
    const stop = server(event(2, { kind: "participant", ...person("p1", { camera_stopped_by_staff: true, camera: false }) }));
    expect(does(sending, stop)).toEqual(["turn_off", "media_set"]);
    expect(does(after(sending, stop), { type: "toggle", device: "camera" })).toContain("turn_on");
  });

  it("a screen is asked for, told to the server, and ends with the seat", () => {
    expect(does(sending, { type: "share", on: true })).toEqual(["share"]);
    const sharing = after(sending, { type: "share", on: true }, { type: "screen", status: "on" });
    expect(does(after(sending, { type: "share", on: true }), { type: "screen", status: "on" })).toEqual(["media_set"]);
    expect(does(sharing, { type: "share", on: false })).toContain("unshare");
    expect(does(sharing, { type: "leave" })).toContain("unshare");
    const shown = after(sharing, server(event(2, { kind: "participant", ...person("p1", { screen: true }) })));
    const ended = server(event(3, { kind: "participant", ...person("p1", { side_room: "p1" }) }));
    expect(does(shown, ended)).toEqual(["unshare", "media_set"]);
    // The browser's own bar ended it.
    expect(does(sharing, { type: "screen", status: "off" })).toEqual(["media_set"]);
  });

  it("what is looked at is told when it changes, and all of it to whom cannot know", () => {
    const two = joined(room([person("p1"), person("p2")]));
    const seen: Input = { type: "sized", sizes: { "p2/camera": { width: 640, height: 360 } } };
    expect(does(two, seen)).toEqual(["view"]);
    expect(does(after(two, seen), { type: "sized", sizes: { "p2/camera": { width: 636, height: 358 } } })).toEqual([]);
    expect(does(after(two, seen), { type: "hidden", hidden: true })).toEqual(["view"]);
    expect(does(after(two, seen), { type: "pin", key: "p2/camera" })).toEqual(["view"]);
    expect(does(two, { type: "path", path: "subscribe", status: "connected" })).toEqual(["view_anew"]);
    expect(does(after(two, { type: "link", link: "down" }), seen)).toEqual([]);
    expect(does(two, { type: "tick", now: NOW })).toEqual([]);
  });

  it("coming back after leaving asks for the devices again", () => {
    expect(does(after(seated, { type: "leave" }), { type: "join", takeOver: false })).toEqual(["open_devices", "dial"]);
  });
});
