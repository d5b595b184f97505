import { describe, expect, it } from "vitest";
import { GOOD, isHeardBadly, measured, offersSoundOnly, restored, saved, waited } from "./network";

const SECOND = 1_000;
const good = { downlink: "good", uplink: "good" } as const;
const reduced = { downlink: "reduced", uplink: "good" } as const;
const weak = { downlink: "good", uplink: "weak" } as const;

describe("a weak line", () => {
  it("that only dips asks nobody anything; one that stays weak offers sound only after ten seconds", () => {
    const dipped = measured(GOOD, reduced, 0);
    expect(offersSoundOnly(dipped, 9 * SECOND)).toBe(false);
    expect(offersSoundOnly(measured(dipped, reduced, 9 * SECOND), 10 * SECOND)).toBe(true);
    expect(offersSoundOnly(measured(dipped, good, 9 * SECOND), 10 * SECOND)).toBe(false);
  });

  it("is not offered twice to somebody who declined, until it was good in between", () => {
    const declined = { ...measured(GOOD, reduced, 0), isDeclined: true };
    expect(offersSoundOnly(declined, 20 * SECOND)).toBe(false);
    const again = measured(measured(declined, good, 30 * SECOND), reduced, 40 * SECOND);
    expect(offersSoundOnly(again, 50 * SECOND)).toBe(true);
  });

  it("that does not carry the own picture is said after a moment, until the camera rests", () => {
    expect(isHeardBadly(measured(GOOD, weak, 0), 1 * SECOND)).toBe(false);
    expect(isHeardBadly(measured(GOOD, weak, 0), 4 * SECOND)).toBe(true);
    expect(isHeardBadly(saved(measured(GOOD, weak, 0), "camera", 0), 4 * SECOND)).toBe(false);
  });

  it("beyond offers is sound only already", () => {
    expect(offersSoundOnly(measured(GOOD, { ...reduced, downlink: "sound_only" }, 0), 60 * SECOND)).toBe(false);
  });
});

describe("pictures", () => {
  it("come back by themselves once the line was good for half a minute", () => {
    const saving = measured(saved(measured(GOOD, reduced, 0), "sound_only", 0), good, 5 * SECOND);
    expect(waited(saving, 34 * SECOND)).toBe(saving);
    expect(waited(saving, 35 * SECOND)).toMatchObject({ soundOnly: false, cameraRests: false });
  });

  it("chosen away on a good line stay away for as long", () => {
    const saving = saved({ ...GOOD, goodSince: 0 }, "camera", 100 * SECOND);
    expect(waited(saving, 129 * SECOND).cameraRests).toBe(true);
    expect(waited(saving, 130 * SECOND).cameraRests).toBe(false);
  });

  it("that break the line again wait twice as long, up to four minutes, and start afresh after a good minute", () => {
    let network = GOOD;
    const waits: number[] = [];
    for (let round = 0, now = 0; round < 5; round += 1, now += 10 * SECOND) {
      network = measured(restored(network, now), reduced, now + 5 * SECOND);
      waits.push(network.patience / SECOND);
    }
    expect(waits).toEqual([60, 120, 240, 240, 240]);
    expect(measured(restored(network, 0), reduced, 61 * SECOND).patience).toBe(30 * SECOND);
  });

  it("are nobody's business while nothing is saved", () => {
    expect(waited(GOOD, 1_000 * SECOND)).toBe(GOOD);
  });
});
