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
    expect(does(seated, server({ type: "media.lost" }))).toEqual(["rebuild_paths"]);
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

  it("coming back after leaving asks for the devices again", () => {
    expect(does(after(seated, { type: "leave" }), { type: "join", takeOver: false })).toEqual(["open_devices", "dial"]);
  });
});
