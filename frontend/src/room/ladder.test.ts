import { describe, expect, it } from "vitest";
import { judge, rebuildPause, recent, throughTurn, type PathView, type Verdict } from "./ladder";

const healthy: PathView = { state: "connected", stateFor: 60_000, silentFor: 900, wasSteady: true, wasConnected: true, restartedFor: null };

describe("a media path", () => {
  it.each<[Verdict, string, Partial<PathView>]>([
    ["fine", "that brings something", {}],
    ["fine", "whose last check is a while ago, without media", { silentFor: 7_900, wasSteady: false }],
    ["restart", "whose checks are not answered", { silentFor: 8_000, wasSteady: false }],
    ["fine", "whose media paused for a moment", { silentFor: 2_900 }],
    ["restart", "whose media stopped all at once", { silentFor: 3_000 }],
    ["wait", "that was disconnected just now", { state: "disconnected", stateFor: 1_000, silentFor: 1_000 }],
    ["restart", "that is disconnected for a while", { state: "disconnected", stateFor: 3_000, silentFor: 3_000 }],
    ["restart", "that was silent long before it was called disconnected", { state: "disconnected", stateFor: 0, silentFor: 5_000 }],
    ["restart", "that failed after it had worked", { state: "failed", stateFor: 0 }],
    ["rebuild", "that failed before it ever worked", { state: "failed", stateFor: 0, wasConnected: false }],
    ["wait", "that is being built", { state: "connecting", stateFor: 14_000, silentFor: 14_000, wasConnected: false }],
    ["rebuild", "that is being built for ever", { state: "connecting", stateFor: 15_000, silentFor: 15_000, wasConnected: false }],
    ["wait", "that has only begun", { state: "new", stateFor: 500, silentFor: 500, wasConnected: false }],
    ["wait", "that restarts", { state: "connecting", stateFor: 400, silentFor: 7_000, restartedFor: 4_900 }],
    ["rebuild", "that no restart has healed", { state: "connected", silentFor: 8_000, restartedFor: 5_000 }],
    ["rebuild", "that was closed under us", { state: "closed", restartedFor: 100 }],
  ])("gets the verdict %s %s", (verdict, _, change) => {
    expect(judge({ ...healthy, ...change })).toBe(verdict);
  });

  it("is rebuilt almost at once the first time, then ever more slowly up to eight seconds", () => {
    expect(rebuildPause(0, 0.99)).toBeLessThanOrEqual(200);
    expect(rebuildPause(1, 0)).toBeLessThan(rebuildPause(3, 0));
    expect(rebuildPause(50, 0.999)).toBeLessThanOrEqual(8_000);
  });

  it("goes through TURN after three rebuilds in a minute, and back after three more", () => {
    const at = (...seconds: number[]): number[] => seconds.map((each) => each * 1_000);
    expect(throughTurn(at(0, 20), 40_000)).toBe(false);
    expect(throughTurn(at(0, 20, 40), 41_000)).toBe(true);
    expect(throughTurn(at(0, 20, 40), 61_000)).toBe(false);
    expect(throughTurn(at(0, 10, 20, 30, 40, 50), 51_000)).toBe(false);
    expect(recent(at(0, 20, 40), 61_000)).toEqual(at(20, 40));
  });
});
