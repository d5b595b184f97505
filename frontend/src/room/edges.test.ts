// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { slept, watchWaking } from "./awake";
import { canShare, ScreenShare } from "./share";
import type { Request } from "./socket";
import type { ViewHint } from "./stage";
import type { ScreenState } from "./state";
import { ViewTeller } from "./teller";
import { FakeTrack } from "./testing/peer";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a page that slept", () => {
  it("knows it by the wall clock, and is not fooled by a slow beat", () => {
    expect(slept(0, 20_000)).toBe(false);
    expect(slept(0, 20_001)).toBe(true);
  });

  it("looks at everything when it wakes, when the network is back and when it comes out of the browser's store", async () => {
    const woke = vi.fn();
    watchWaking({ woke, shown: () => undefined, hidden: () => undefined });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(woke).toHaveBeenCalledTimes(0);
    vi.setSystemTime(Date.now() + 60_000); // the lid was closed: no timer ran
    await vi.advanceTimersByTimeAsync(1_000);
    expect(woke).toHaveBeenCalledTimes(1);
    window.dispatchEvent(new Event("online"));
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: false }));
    expect(woke).toHaveBeenCalledTimes(3);
  });
});

describe("what is looked at", () => {
  const view = (width: number): ViewHint => ({ tiles: [{ participant: "p2", source: "camera", width, height: 96, pinned: false }], sound_only: false });
  let now: ViewHint;
  let told: Request[];
  let fails: boolean;
  const teller = () =>
    new ViewTeller(
      () => now,
      (message) => {
        told.push(message);
        return fails ? Promise.reject(new Error("offline")) : Promise.resolve();
      },
    );
  beforeEach(() => void ([now, told, fails] = [view(160), [], false]));

  it("is told once it stands still, and only when it is new", async () => {
    const one = teller();
    one.changed();
    now = view(320);
    await vi.advanceTimersByTimeAsync(200);
    one.changed();
    await vi.advanceTimersByTimeAsync(249);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual([{ type: "media.view", ...view(320) }]);
    one.changed();
    await vi.advanceTimersByTimeAsync(300);
    expect(told).toHaveLength(1);
  });

  it("is told again to whom has forgotten, or never heard it", async () => {
    const one = teller();
    fails = true;
    for (let times = 0; times < 2; times += 1) {
      one.changed();
      await vi.advanceTimersByTimeAsync(300);
    }
    fails = false;
    one.forget();
    await vi.advanceTimersByTimeAsync(300);
    expect(told).toHaveLength(3);
  });
});

describe("sharing a screen", () => {
  let ask: () => Promise<FakeTrack>;
  let said: ScreenState["status"][];
  let sent: (MediaStreamTrack | null)[];
  const share = () => new ScreenShare({ status: (status) => void said.push(status), track: (track) => void sent.push(track) });
  beforeEach(() => {
    [said, sent] = [[], []];
    ask = () => Promise.resolve(new FakeTrack("video"));
    const getDisplayMedia = async (): Promise<unknown> => {
      const track = await ask();
      return { getTracks: () => [track], getVideoTracks: () => [track] };
    };
    vi.stubGlobal("navigator", { mediaDevices: { getDisplayMedia } });
  });

  it("sends sharp pictures until it is stopped, here or in the browser's own bar", async () => {
    const one = share();
    await one.start();
    const track = sent[0] as unknown as FakeTrack;
    expect([track.contentHint, said]).toEqual(["detail", ["on"]]);
    track.dispatchEvent(new Event("ended"));
    expect([sent.at(-1), said.at(-1), track.readyState]).toEqual([null, "off", "ended"]);
  });

  it.each([
    ["NotAllowedError", "off"],
    ["NotReadableError", "failed"],
  ])("that ends with %s is %s", async (name, status) => {
    ask = () => Promise.reject(new DOMException("no", name));
    await share().start();
    expect(said).toEqual([status]);
  });

  it("chosen after the person changed their mind is let go at once", async () => {
    let choose: (track: FakeTrack) => void = () => undefined;
    ask = () => new Promise((resolve) => (choose = resolve));
    const one = share();
    const asking = one.start();
    one.stop();
    const late = new FakeTrack("video");
    choose(late);
    await asking;
    expect([late.readyState, sent, said]).toEqual(["ended", [], ["off"]]);
  });

  it("is not offered where a browser cannot, nor on a phone", () => {
    vi.stubGlobal("matchMedia", () => ({ matches: false }));
    expect(canShare()).toBe(true);
    vi.stubGlobal("matchMedia", () => ({ matches: true }));
    expect(canShare()).toBe(false);
    vi.stubGlobal("navigator", { mediaDevices: {} });
    vi.stubGlobal("matchMedia", () => ({ matches: false }));
    expect(canShare()).toBe(false);
  });
});
