import { describe, expect, it } from "vitest";
import { judge, rebuildPause, type PathView, type Verdict } from "./ladder";

describe("a media path", () => {
  it.each<[Verdict, PathView]>([
    ["fine", { state: "connected", stateFor: 60_000, silentFor: 2_000 }],
    ["rebuild", { state: "connected", stateFor: 60_000, silentFor: 8_000 }],
    ["wait", { state: "disconnected", stateFor: 1_000, silentFor: 1_000 }],
    ["rebuild", { state: "disconnected", stateFor: 3_000, silentFor: 3_000 }],
    ["rebuild", { state: "failed", stateFor: 0, silentFor: 0 }],
    ["wait", { state: "connecting", stateFor: 14_000, silentFor: 14_000 }],
    ["rebuild", { state: "connecting", stateFor: 15_000, silentFor: 15_000 }],
    ["wait", { state: "new", stateFor: 500, silentFor: 500 }],
  ])("gets the verdict %s for %o", (verdict, path) => {
    expect(judge(path)).toBe(verdict);
  });

  it("is rebuilt almost at once the first time, then ever more slowly up to eight seconds", () => {
    expect(rebuildPause(0, 0.99)).toBeLessThanOrEqual(200);
    expect(rebuildPause(1, 0)).toBeLessThan(rebuildPause(3, 0));
    expect(rebuildPause(50, 0.999)).toBeLessThanOrEqual(8_000);
  });
});
