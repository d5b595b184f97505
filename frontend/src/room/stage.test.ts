import { describe, expect, it } from "vitest";
import { here, planOf, tileKey, viewOf } from "./stage";
import type { Input, State } from "./state";
import { after, joined, person, room } from "./testing/room";

const lead = person("t1", { role: "facilitator" });
const group = joined(room([person("p1"), person("p2"), person("p3"), lead]));
const names = (tiles: readonly { key: string }[]): string[] => tiles.map((one) => one.key);
const sized = (sizes: State["sizes"]): Input => ({ type: "sized", sizes });

describe("the stage", () => {
  it("shows everybody alike while nothing is large", () => {
    expect(planOf(group).focus).toBeNull();
    expect(names(planOf(group).tiles)).toEqual(["t1/camera", "p1/camera", "p2/camera", "p3/camera"]);
  });

  it("makes somebody else's screen large beside all cameras, the sharer's too", () => {
    const shared = joined(room([person("p1"), person("p2"), { ...lead, screen: true }]));
    expect(planOf(shared).focus?.key).toBe("t1/screen");
    expect(names(planOf(shared).tiles)).toEqual(["t1/camera", "p1/camera", "p2/camera"]);
  });

  it("does not show the own screen to oneself", () => {
    const shared = joined(room([person("p1"), { ...lead, screen: true }]), { participant: "t1", role: "facilitator" });
    expect(planOf(shared).focus).toBeNull();
    expect(names(planOf(shared).tiles)).not.toContain("t1/screen");
  });

  it("lets a pinned picture win over a screen, and the screen again when that person leaves", () => {
    const pin: Input = { type: "pin", key: tileKey("p2", "camera") };
    const shared = after(joined(room([person("p1"), person("p2"), { ...lead, screen: true }])), pin);
    expect(planOf(shared).focus?.key).toBe("p2/camera");
    expect(names(planOf(shared).tiles)[0]).toBe("t1/screen");
    const alone = after(joined(room([person("p1"), { ...lead, screen: true }])), pin);
    expect(planOf(alone).focus?.key).toBe("t1/screen");
  });

  it("never pins the own picture", () => {
    expect(planOf(after(group, { type: "pin", key: "p1/camera" })).focus).toBeNull();
  });
});

describe("side rooms", () => {
  const split = room([person("p1"), person("p2", { side_room: "t1" }), person("p3"), { ...lead, side_room: "t1" }]);

  it("leave in the group a place for who stepped out", () => {
    const state = joined(split);
    expect(here(state).map((one) => one.id)).toEqual(["p1", "p3"]);
    expect(planOf(state).steppedOut.map((one) => one.id)).toEqual(["t1", "p2"]);
  });

  it("show inside them only who is inside", () => {
    const state = joined(split, { participant: "p2" });
    expect(names(planOf(state).tiles)).toEqual(["t1/camera", "p2/camera"]);
    expect(planOf(state).steppedOut).toEqual([]);
  });

  it("keep the group's screens to the group", () => {
    const state = joined(room([person("p1"), { ...lead, side_room: "t1", screen: true }]));
    expect(planOf(state).focus).toBeNull();
  });
});

describe("what is looked at", () => {
  const shown = after(group, sized({ "p2/camera": { width: 630, height: 350 }, "p1/camera": { width: 10, height: 10 }, "t1/camera": { width: 0, height: 0 } }));

  it("is told of all others in steps of 16 pixels, 0 x 0 when out of sight, never of oneself and not before it is measured", () => {
    expect(viewOf(shown)).toEqual({
      tiles: [
        { participant: "t1", source: "camera", width: 0, height: 0, pinned: false },
        { participant: "p2", source: "camera", width: 640, height: 352, pinned: false },
      ],
      sound_only: false,
    });
  });

  it("is nothing while the page is hidden", () => {
    const hidden = viewOf(after(shown, { type: "hidden", hidden: true }));
    expect(hidden.tiles.every((one) => one.width === 0 && one.height === 0)).toBe(true);
    expect(hidden.tiles).toHaveLength(3);
  });

  it("says what is pinned and whether only sound is wanted", () => {
    const view = viewOf(after(shown, { type: "pin", key: "p2/camera" }, { type: "save", what: "sound_only" }));
    expect(view.tiles.filter((one) => one.pinned).map((one) => one.participant)).toEqual(["p2"]);
    expect(view.sound_only).toBe(true);
  });

  it("is never more than the protocol takes", () => {
    const crowd = joined(room(Array.from({ length: 90 }, (_, index) => person(`p${index + 100}`))));
    const sizes = Object.fromEntries(crowd.tiles.map((id) => [tileKey(id, "camera"), { width: 40_000, height: 1 }]));
    expect(viewOf(after(crowd, sized(sizes))).tiles).toHaveLength(64);
    expect(viewOf(after(crowd, sized(sizes))).tiles[0]).toMatchObject({ width: 16_384, height: 16 });
  });
});
