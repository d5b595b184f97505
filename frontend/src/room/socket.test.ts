// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SeatKeeper } from "./seat";
import { Refused, RoomSocket } from "./socket";
import type { LinkStatus } from "./state";
import { person, room, welcome } from "./testing/room";
import type { ClientMessage, ServerMessage } from "./wire";

/** The other end of the line: what a browser's socket looks like from inside. */
class Line {
  readyState: number = WebSocket.CONNECTING;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: ClientMessage[] = [];
  send = (text: string): void => void this.sent.push(JSON.parse(text) as ClientMessage);
  close = (): void => void (this.readyState = WebSocket.CLOSED);

  opens(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }

  says(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  breaks(code = 1006): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.({ code });
  }
}

let lines: Line[];
let heard: ServerMessage[];
let links: LinkStatus[];
let seat: SeatKeeper;
let socket: RoomSocket;
const last = (): Line => lines.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  [lines, heard, links] = [[], [], []];
  seat = new SeatKeeper(null, "k");
  socket = new RoomSocket({
    url: "ws://room",
    seat,
    wants: () => ({ microphone: true, camera: false }),
    events: { message: (message) => void heard.push(message), link: (link) => void links.push(link) },
    open: () => {
      lines.push(new Line());
      return last() as unknown as WebSocket;
    },
    random: () => 0,
  });
});

afterEach(() => void vi.useRealTimers());

function join(): void {
  socket.start(false);
  last().opens();
  last().says(welcome(room([person("p1")])));
}

describe("the room's socket", () => {
  it("joins with what the person wants to send, and keeps the seat it is given", () => {
    join();
    expect(last().sent[0]).toMatchObject({ type: "join", microphone: true, camera: false, take_over: false, resume: null });
    expect(seat.resume).toEqual({ connection: "c1", secret: "secret-secret-secret" });
    expect(links).toEqual(["connecting", "up"]);
  });

  it("comes back by itself after a loss and proves its seat", () => {
    join();
    last().breaks();
    expect(links.at(-1)).toBe("down");
    vi.advanceTimersByTime(1_000);
    expect(lines).toHaveLength(2);
    last().opens();
    expect(last().sent[0]).toMatchObject({ type: "join", resume: { connection: "c1", secret: "secret-secret-secret" } });
  });

  it("that may have slept is asked at once, and dialled anew when no answer comes", () => {
    join();
    socket.probe();
    last().says({ type: "pong", id: 2, server_time: "2026-11-17T14:00:00Z", seq: 1 });
    vi.advanceTimersByTime(3_000);
    expect(links.at(-1)).toBe("up");
    socket.probe();
    vi.advanceTimersByTime(3_000);
    expect(links.at(-1)).toBe("down");
    vi.advanceTimersByTime(1_000);
    expect(lines).toHaveLength(2);
  });

  it("pairs answers with requests and turns refusals into errors", async () => {
    join();
    const [first, second] = [socket.request({ type: "break.start" }), socket.request({ type: "session.end" })];
    const [one, other] = last().sent.slice(-2);
    last().says({ type: "error", id: other!.id, error: "conflict", text: "Not open.", reason: null, way_out: null });
    last().says({ type: "ack", id: one!.id });
    await expect(first).resolves.toMatchObject({ type: "ack" });
    await expect(second).rejects.toThrow("Not open.");
  });

  it("refuses what waits for an answer when the connection goes, and what is asked while there is none", async () => {
    join();
    const waits = socket.request({ type: "break.start" });
    last().breaks();
    await expect(waits).rejects.toBeInstanceOf(Refused);
    await expect(socket.request({ type: "break.start" })).rejects.toMatchObject({ error: "offline" });
  });

  it("does not wait for ever for an answer", async () => {
    join();
    const waits = expect(socket.request({ type: "break.start" })).rejects.toMatchObject({ error: "no_answer" });
    for (let passed = 0; passed < 16; passed += 1) {
      vi.advanceTimersByTime(1_000);
      last().says({ type: "pong", id: 99, server_time: "2026-11-17T14:00:00Z", seq: 1 });
    }
    await waits;
  });

  it("gives up a line on which nothing is heard any more", () => {
    join();
    vi.advanceTimersByTime(13_000);
    expect(lines[0]!.readyState).toBe(WebSocket.CLOSED);
    expect(lines.length).toBeGreaterThan(1);
  });

  it("stays away after a final message, says why, and forgets the seat", () => {
    join();
    last().says({ type: "closing", id: null, error: "removed", text: "", reason: null, way_out: null });
    last().breaks(4410);
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(1);
    expect(heard.filter((message) => message.type === "closing")).toHaveLength(1);
    expect(seat.resume).toBeNull();
  });

  it("understands a final code without a message", () => {
    join();
    last().breaks(4411);
    expect(heard.at(-1)).toMatchObject({ type: "closing", error: "ended" });
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(1);
  });

  it("asks before it takes a seat from another device, and then takes it on the same line", async () => {
    socket.start(false);
    last().opens();
    last().says({ type: "error", id: 1, error: "opened_elsewhere", text: "", reason: null, way_out: null });
    await vi.advanceTimersByTimeAsync(5_000);
    socket.start(true);
    expect(lines.at(-1)!.sent.at(-1)).toMatchObject({ type: "join", take_over: true, resume: null });
  });

  it("ignores what a superseded line still says", () => {
    join();
    const old = last();
    old.breaks();
    vi.advanceTimersByTime(1_000);
    const before = heard.length;
    old.says({ type: "media.lost" });
    expect(heard).toHaveLength(before);
  });

  it("leaves in peace: goodbye first, then nothing more", async () => {
    join();
    const left = socket.leave();
    last().says({ type: "ack", id: last().sent.at(-1)!.id });
    await left;
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(1);
    expect(seat.resume).not.toBeNull();
  });

  it("coming back at once is not undone by the goodbye that is still under way", async () => {
    join();
    const left = socket.leave();
    socket.start(false);
    await left;
    last().opens();
    last().says(welcome(room([person("p1")])));
    expect(links.at(-1)).toBe("up");
  });
});
