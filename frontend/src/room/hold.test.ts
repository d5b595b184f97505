import { describe, expect, it } from "vitest";
import { LONGEST, looked, NO_HOLD, voicesIn, type Hold, type Voices } from "./hold";

const SECOND = { received: 50, lost: 0, askedAgain: 0 };

/** Look once a second: at the end so much more has come than before. */
function listen(hold: Hold, count: number, more: Partial<typeof SECOND> = {}, roundTrip: number | null = 100): Hold {
  const added = { ...SECOND, ...more };
  for (let look = 0; look < count; look += 1) {
    const { received, lost, askedAgain } = hold.voices;
    const voices: Voices = { received: received + added.received, lost: lost + added.lost, askedAgain: askedAgain + added.askedAgain, roundTrip };
    hold = looked(hold, voices);
  }
  return hold;
}

const lossy = (roundTrip: number | null = 100): Hold => listen(NO_HOLD, 5, { askedAgain: 2 }, roundTrip);

describe("voices", () => {
  it("are left to the browser while next to nothing is missing", () => {
    expect(listen(NO_HOLD, 60).target).toBeNull();
    expect(listen(listen(NO_HOLD, 5), 1, { lost: 2 }).target).toBeNull();
    expect(listen(NO_HOLD, 60, { received: 600, askedAgain: 5 }).target).toBeNull();
  });

  it("are held back for two round trips once packets are missing, whether they came in the end or not", () => {
    expect(lossy().target).toBe(200);
    expect(listen(NO_HOLD, 5, { lost: 2 }).target).toBe(200);
  });

  it("are held back within two seconds of a line that loses five of a hundred", () => {
    expect(listen(NO_HOLD, 2, { askedAgain: 2 }).target).toBe(200);
  });

  it("are never held back so long that people talk into each other, nor where asking again takes too long to help", () => {
    expect(lossy(180).target).toBe(LONGEST);
    expect(lossy(LONGEST).target).toBe(LONGEST);
    expect(lossy(LONGEST + 1).target).toBeNull();
    expect(lossy(0).target).toBe(0);
    expect(lossy(null).target).toBeNull();
  });

  it("follow a way that has become longer, but not every wobble of it", () => {
    expect(listen(lossy(50), 1, { askedAgain: 2 }, 65).target).toBe(100);
    expect(listen(lossy(50), 1, { askedAgain: 2 }, 70).target).toBe(140);
    expect(listen(lossy(50), 3, { askedAgain: 2 }, null).target).toBe(100);
  });

  it("are given back to the browser after half a minute of voice without loss, and not by a silence", () => {
    // The last lossy look has to leave the five seconds that are judged first.
    const calming = listen(lossy(), 32);
    expect(calming.target).toBe(200);
    expect(listen(calming, 2).target).toBeNull();
    expect(listen(lossy(), 300, { received: 2 }).target).toBe(200);
    expect(listen(listen(calming, 1, { askedAgain: 5 }), 30).target).toBe(200);
  });

  it("of a connection built anew are counted from its beginning", () => {
    const before = lossy();
    const after = looked(before, { received: 50, lost: 0, askedAgain: 0, roundTrip: 100 });
    expect(after.looks.at(-1)).toEqual({ received: 0, missing: 0 });
    expect(after.target).toBe(200);
  });
});

describe("statistics", () => {
  it("are summed over voices only; what a browser does not count is nothing", () => {
    const stats = [
      { type: "inbound-rtp", kind: "audio", packetsReceived: 10, packetsLost: 1, nackCount: 2 },
      { type: "inbound-rtp", kind: "audio", packetsReceived: 5, packetsLost: -1 },
      { type: "inbound-rtp", kind: "video", packetsReceived: 99, packetsLost: 9, nackCount: 9 },
      { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 },
      { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.08 },
    ];
    expect(voicesIn(stats)).toEqual({ received: 15, lost: 0, askedAgain: 2, roundTrip: 80 });
    expect(voicesIn([])).toEqual({ received: 0, lost: 0, askedAgain: 0, roundTrip: null });
  });
});
