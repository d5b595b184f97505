// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IceAdvice } from "./ice";
import { PublishPath } from "./publish";
import { Refused, type Request } from "./socket";
import type { PathStatus } from "./state";
import { SubscribePath } from "./subscribe";
import { FakePeer, FakeTrack, seconds } from "./testing/peer";
import type { ServerMessage } from "./wire";

const TURN: IceAdvice = { servers: [{ urls: ["turn:relay.example:3478?transport=tcp"], username: "u", credential: "c" }], policy: "all" };
const SIMULCAST = "m=audio 9\r\na=mid:0\r\nm=video 9\r\na=mid:1\r\na=simulcast:recv q;f\r\n";

let asked: Request[];
let said: PathStatus[];
let answer: (message: Request) => Promise<unknown>;
let advice: IceAdvice;
let isOnline: boolean;
let isAway: boolean;
let generation: number;

const options = () => ({
  request: (message: Request): Promise<ServerMessage> => {
    asked.push(message);
    return answer(message) as Promise<ServerMessage>;
  },
  nextGeneration: () => (generation += 1),
  report: (status: PathStatus) => void said.push(status),
  relayAway: (away: boolean) => void (isAway = away),
  iceServers: () => Promise.resolve(advice),
  isOnline: () => isOnline,
});
const track = (kind: "audio" | "video"): MediaStreamTrack => new FakeTrack(kind) as unknown as MediaStreamTrack;
const offers = (): Extract<Request, { type: "publish.offer" }>[] => asked.filter((one) => one.type === "publish.offer");

async function published(...kinds: ("microphone" | "camera")[]): Promise<PublishPath> {
  const path = new PublishPath(options());
  for (const kind of kinds) await path.send(kind, track(kind === "microphone" ? "audio" : "video"));
  path.start();
  await vi.advanceTimersByTimeAsync(0);
  FakePeer.last.becomes("connected");
  return path;
}

beforeEach(() => {
  vi.useFakeTimers();
  [asked, said, advice, isOnline, isAway, generation] = [[], [], { servers: [], policy: "all" }, true, false, 0];
  answer = (message) => {
    const { generation: number } = message as { generation: number };
    if (message.type === "publish.offer") return Promise.resolve({ type: "publish.answer", generation: number, sdp: SIMULCAST });
    return Promise.resolve(message.type === "subscribe.request" ? { type: "subscribe.offer", generation: number, sdp: "m=audio 9\r\n" } : { type: "ack" });
  };
  [FakePeer.made, FakePeer.refuses] = [[], {}];
  vi.stubGlobal("RTCPeerConnection", FakePeer);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("publishing", () => {
  it("offers sound first, then the camera in two sizes; lost sound may be asked for again", async () => {
    await published("microphone", "camera");
    const [microphone, camera] = FakePeer.last.lines;
    expect([microphone?.kind, camera?.kind]).toEqual(["audio", "video"]);
    expect(microphone?.parameters.encodings).toEqual([{ priority: "high", networkPriority: "high" }]);
    expect(camera?.parameters.encodings).toEqual([{ rid: "q", scaleResolutionDownBy: 4, maxBitrate: 120_000 }, { rid: "f", maxBitrate: 900_000 }]);
    expect(offers()[0]?.sdp).toContain("a=rtcp-fb:111 nack");
  });

  it("goes on with what the browser wrote where it refuses our additions", async () => {
    FakePeer.refuses = { changedText: true };
    await published("microphone");
    expect(offers()[0]?.sdp).not.toContain("nack");
    expect(said).toEqual(["connecting", "connected"]);
  });

  it("sends one picture where the browser knows no rids", async () => {
    FakePeer.refuses = { rids: true };
    await published("camera");
    expect(FakePeer.last.lines[1]?.parameters.encodings).toEqual([{ maxBitrate: 900_000 }]);
  });

  it("sends one full picture where the relay takes no simulcast", async () => {
    answer = (message) => Promise.resolve({ type: "publish.answer", generation: (message as { generation: number }).generation, sdp: "m=video 9\r\na=mid:1\r\n" });
    await published("camera");
    expect(FakePeer.last.lines[1]?.parameters.encodings).toMatchObject([{ active: true, scaleResolutionDownBy: 1, maxBitrate: 900_000 }, { active: false }]);
  });

  it("offers a device anew with its first track only, and a screen each time", async () => {
    const path = await published("microphone");
    expect(FakePeer.last.lines.map((one) => one.direction)).toEqual(["sendonly", "inactive"]);
    await path.send("camera", track("video"));
    await path.send("camera", null);
    await path.send("camera", track("video"));
    expect(offers()).toHaveLength(2);
    await path.send("screen", track("video"));
    expect(FakePeer.last.lines[2]).toMatchObject({ direction: "sendonly", parameters: { encodings: [{ maxBitrate: 1_500_000, maxFramerate: 15 }] } });
    await path.send("screen", null);
    expect(FakePeer.last.lines[2]?.direction).toBe("inactive");
    await path.send("screen", track("video"));
    expect(FakePeer.last.lines).toHaveLength(3);
    expect(offers()).toHaveLength(5);
  });

  it("takes a shared screen along when it is built anew", async () => {
    const path = await published("microphone", "camera");
    await path.send("screen", track("video"));
    path.restart();
    await vi.advanceTimersByTimeAsync(0);
    expect(FakePeer.made).toHaveLength(2);
    expect(FakePeer.last.lines.map((one) => one.direction)).toEqual(["sendonly", "sendonly", "sendonly"]);
  });
});

describe("a path that falls silent", () => {
  it("restarts ICE in place, in the same generation, and is whole again when something comes", async () => {
    const path = await published("microphone");
    const pc = FakePeer.last;
    await seconds(6, pc);
    await seconds(4);
    expect(pc.restarts).toBe(1);
    expect(said.at(-1)).toBe("broken");
    expect(offers().map((one) => [one.generation, /ufrag:(\w+)/.exec(one.sdp)?.[1]])).toEqual([[1, "u0"], [1, "u1"]]);
    await seconds(2, pc);
    expect(said.at(-1)).toBe("connected");
    await seconds(7, null);
    expect([path.built, FakePeer.made.length]).toEqual([1, 1]);
  });

  it("is built anew five seconds later, alone, when the restart does not help", async () => {
    await published("microphone");
    const pc = FakePeer.last;
    await seconds(6, pc);
    await seconds(10);
    expect(pc.connectionState).toBe("closed");
    expect(FakePeer.made).toHaveLength(2);
    expect(offers().map((one) => one.generation)).toEqual([1, 1, 2]);
  });

  it("asks for the relay's offer again when it is the incoming one, and keeps its tracks", async () => {
    const arrived: string[] = [];
    const path = new SubscribePath(options(), (mid) => void arrived.push(mid));
    path.start();
    await vi.advanceTimersByTimeAsync(0);
    const pc = FakePeer.last;
    pc.becomes("connected");
    pc.becomes("disconnected");
    await seconds(3);
    expect(asked.filter((one) => one.type === "subscribe.request")).toEqual([
      { type: "subscribe.request", generation: 1, restart: false },
      { type: "subscribe.request", generation: 1, restart: true },
    ]);
    expect(asked.filter((one) => one.type === "subscribe.answer")).toHaveLength(2);
    expect(FakePeer.made).toHaveLength(1);
  });

  it("asks for the relay's slots while the servers are still being asked for", async () => {
    let know: (advice: IceAdvice) => void = () => undefined;
    const servers = new Promise<IceAdvice>((resolve) => (know = resolve));
    const path = new SubscribePath({ ...options(), iceServers: () => servers }, () => undefined);
    path.start();
    await vi.advanceTimersByTimeAsync(0);
    expect([asked.map((one) => one.type), FakePeer.made.length]).toEqual([["subscribe.request"], 0]);
    know(advice);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.map((one) => one.type)).toEqual(["subscribe.request", "subscribe.answer"]);
  });

  it("is left alone while nothing can be agreed, and looked at when the socket is back", async () => {
    const path = await published("microphone");
    const pc = FakePeer.last;
    isOnline = false;
    pc.becomes("disconnected");
    await seconds(30);
    expect([pc.restarts, FakePeer.made.length, said.at(-1)]).toEqual([0, 1, "broken"]);
    isOnline = true;
    path.resume();
    expect(pc.restarts).toBe(0); // what it may use is asked first
    await vi.advanceTimersByTimeAsync(0);
    expect(pc.restarts).toBe(1);
  });

  it("shows soon after a sleep that it lives, or is restarted", async () => {
    const path = await published("microphone");
    const pc = FakePeer.last;
    pc.bytes += 1;
    await path.look(true);
    await seconds(2);
    expect(pc.restarts).toBe(0);
    await seconds(2);
    expect(pc.restarts).toBe(1);
  });

  it("goes through TURN only after three rebuilds in a minute, if there is TURN", async () => {
    advice = TURN;
    await published("microphone");
    for (let round = 0; round < 3; round += 1) {
      FakePeer.last.becomes("closed");
      await seconds(5);
    }
    expect(FakePeer.made.map((one) => one.configuration.iceTransportPolicy)).toEqual(["all", "all", "all", "relay"]);
    expect(FakePeer.last.configuration.iceServers).toEqual(TURN.servers);
  });

  it("keeps what it has while the relay is away, and asks every five seconds", async () => {
    const path = await published("microphone");
    const pc = FakePeer.last;
    const before = answer;
    answer = () => Promise.reject(new Refused("relay_unavailable", "Away."));
    pc.becomes("disconnected");
    await seconds(12);
    expect([isAway, path.built, path.restarted]).toEqual([true, 1, 2]);
    answer = before;
    await seconds(3);
    pc.becomes("connected");
    await seconds(2, pc);
    expect([isAway, path.built, said.at(-1)]).toEqual([false, 1, "connected"]);
  });

  it("waits longer for a relay that is away, and for a seat does not ask at all", async () => {
    answer = () => Promise.reject(new Refused("relay_unavailable", "Away."));
    new PublishPath(options()).start();
    await seconds(5);
    expect([isAway, FakePeer.made.length]).toEqual([true, 1]);
    await seconds(1);
    expect(FakePeer.made).toHaveLength(2);
    answer = () => Promise.reject(new Refused("not_in_room", "No seat."));
    await seconds(60);
    expect(FakePeer.made).toHaveLength(3);
  });

  it("that was closed stays closed, also while it was asking", async () => {
    const path = new PublishPath(options());
    path.start();
    path.close();
    await seconds(20);
    expect(FakePeer.made).toHaveLength(0);
    expect(said).toEqual(["connecting", "none"]);
  });
});

describe("voices that lose packets", () => {
  it("are held back for two round trips, on a connection built anew too, and no picture with them", async () => {
    const path = new SubscribePath(options(), () => undefined);
    path.start();
    await vi.advanceTimersByTimeAsync(0);
    const pc = FakePeer.last;
    pc.addTransceiver("video", { direction: "recvonly" });
    pc.becomes("connected");
    const targets = (peer: FakePeer): (number | null)[] => peer.lines.map((one) => one.receiver.jitterBufferTarget);
    await seconds(3, pc);
    expect(targets(pc)).toEqual([null, null]);
    pc.voices = { packetsReceived: 50, nackCount: 5 };
    await seconds(1, pc);
    expect(targets(pc)).toEqual([200, null]);
    path.restart();
    await seconds(1);
    expect(FakePeer.made).toHaveLength(2);
    expect(targets(FakePeer.last)).toEqual([200]);
  });
});
