// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configuration, IceServerSource } from "./ice";
import type { ServerMessage } from "./wire";

const SERVERS = [{ urls: ["turn:relay.example:3478"], username: "u", credential: "c" }];
const given = (policy: "all" | "relay" = "all"): ServerMessage => ({ type: "ice_servers", id: 1, servers: SERVERS, policy });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("TURN servers", () => {
  it("are asked for once for both paths, and again for the next build", async () => {
    const request = vi.fn(() => Promise.resolve(given()));
    const source = new IceServerSource(request);
    expect(await Promise.all([source.get(), source.get()])).toEqual([given(), given()]);
    expect(request).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(10_000);
    await source.get();
    expect(request).toHaveBeenCalledTimes(2);
  });

  it.each([
    ["is refused", () => Promise.reject(new Error("no"))],
    ["never comes", () => new Promise<ServerMessage>(() => undefined)],
  ])("are done without when the answer %s, and asked for again", async (_, fails) => {
    const request = vi.fn<() => Promise<ServerMessage>>(fails);
    const source = new IceServerSource(request);
    const first = source.get();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await first).toEqual({ servers: [], policy: "all" });
    request.mockResolvedValue(given());
    expect(await source.get()).toEqual(given());
  });

  it("are the only way where the server or the ladder says so, but only if there are any", () => {
    const policy = (advice: Parameters<typeof configuration>[0], throughTurn: boolean) => configuration(advice, throughTurn).iceTransportPolicy;
    expect(policy({ servers: SERVERS, policy: "all" }, false)).toBe("all");
    expect(policy({ servers: SERVERS, policy: "all" }, true)).toBe("relay");
    expect(policy({ servers: SERVERS, policy: "relay" }, false)).toBe("relay");
    expect(policy({ servers: [], policy: "relay" }, true)).toBe("all");
    expect(policy({ servers: [{ ...SERVERS[0]!, urls: ["stun:x"] }], policy: "all" }, true)).toBe("all");
  });
});
