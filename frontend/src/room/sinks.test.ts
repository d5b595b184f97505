// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Sinks } from "./sinks";

const refused = new DOMException("play() failed because the user didn't interact", "NotAllowedError");
const track = (kind: "audio" | "video"): MediaStreamTrack => ({ kind }) as MediaStreamTrack;

describe("incoming sound", () => {
  const told: boolean[] = [];
  const play = vi.fn<() => Promise<void>>();
  let home: HTMLElement;
  let sinks: Sinks;

  beforeEach(() => {
    told.length = 0;
    play.mockReset();
    vi.stubGlobal("MediaStream", class {});
    // The browser's edge: what it plays, and what it refuses to play.
    HTMLMediaElement.prototype.play = play;
    Object.defineProperty(HTMLMediaElement.prototype, "srcObject", { value: null, writable: true, configurable: true });
    home = document.createElement("div");
    sinks = new Sinks(home, (blocked) => told.push(blocked), () => undefined);
  });
  afterEach(() => vi.unstubAllGlobals());

  it("that the browser holds back is reported, and a tap plays every slot", async () => {
    play.mockRejectedValue(refused);
    sinks.arrived("0", track("audio"));
    sinks.arrived("1", track("audio"));
    await vi.waitFor(() => expect(told).toEqual([true, true]));
    play.mockReset().mockResolvedValue();
    await sinks.unblock();
    expect(play).toHaveBeenCalledTimes(2);
    expect(told.at(-1)).toBe(false);
  });

  it("that is still held back after the tap is reported again", async () => {
    play.mockRejectedValue(refused);
    sinks.arrived("0", track("audio"));
    await sinks.unblock();
    await vi.waitFor(() => expect(told.at(-1)).toBe(true));
  });

  it("that was replaced while starting is no refusal", async () => {
    play.mockRejectedValue(new DOMException("interrupted by a new load", "AbortError"));
    sinks.arrived("0", track("audio"));
    await Promise.resolve();
    expect(told).toEqual([]);
  });

  it("plays in one element for each slot, and pictures in none", () => {
    play.mockResolvedValue();
    for (const mid of ["0", "0", "1"]) sinks.arrived(mid, track("audio"));
    sinks.arrived("2", track("video"));
    expect(home.querySelectorAll("audio")).toHaveLength(2);
    expect(sinks.video("2")).not.toBeNull();
    sinks.clear();
    expect(home.querySelectorAll("audio")).toHaveLength(0);
  });
});
