// Does what the table in signal.ts asks for: opens sockets, keeps time, pairs answers with requests.
import type { SeatKeeper } from "./seat";
import { FINAL, START, finalReason, step, type Link, type LinkAction, type LinkInput } from "./signal";
import type { LinkStatus } from "./state";
import type { ClientMessage, ServerMessage } from "./wire";

type WithoutId<T> = T extends { id: number } ? Omit<T, "id"> : never;
export type Request = WithoutId<ClientMessage>;

/** A request was refused, or the socket went away before the answer. */
export class Refused extends Error {
  constructor(
    readonly error: string,
    text: string,
  ) {
    super(text);
    this.name = "Refused";
  }
}

export interface SocketEvents {
  message(message: ServerMessage): void;
  link(status: LinkStatus): void;
}

export interface SocketOptions {
  readonly url: string;
  readonly seat: SeatKeeper;
  readonly wants: () => { microphone: boolean; camera: boolean };
  readonly events: SocketEvents;
  readonly open?: (url: string) => WebSocket;
  readonly random?: () => number;
}

const PING_EVERY = 4_000;
const SILENCE = 12_000;
// A socket that may have slept through its end gets one round trip over a slow line.
const PROBE_ANSWER = 3_000;
const ANSWER_DEADLINE = 15_000;

interface Pending {
  readonly resolve: (message: ServerMessage) => void;
  readonly reject: (error: Refused) => void;
  readonly timer: number;
}

/** The socket of a room, across all its attempts. */
export class RoomSocket {
  #link: Link = START;
  #socket: WebSocket | null = null;
  #pending = new Map<number, Pending>();
  #lastId = 0;
  #heardAt = 0;
  #pingTimer = 0;

  constructor(private readonly options: SocketOptions) {
    window.addEventListener("online", () => this.#feed({ type: "online" }));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#feed({ type: "online" });
    });
  }

  /** Join, or claim the seat from another device. */
  start(takeOver: boolean): void {
    this.#feed({ type: "start", takeOver });
  }

  /** Say goodbye and stay away. */
  async leave(): Promise<void> {
    const { attempt } = this.#link;
    await this.request({ type: "leave" }).catch(() => undefined);
    this.#feed({ type: "stop", attempt });
  }

  /** See whether the socket is still there; one that does not answer soon is dialled anew. */
  probe(): void {
    const { attempt, at } = this.#link;
    if (at !== "joined") return;
    const askedAt = performance.now();
    this.#send({ type: "ping" });
    window.setTimeout(() => {
      if (attempt === this.#link.attempt && this.#heardAt < askedAt) this.#lost(attempt);
    }, PROBE_ANSWER);
  }

  /** Send a message and wait for its answer. */
  request(message: Request): Promise<ServerMessage> {
    return new Promise((resolve, reject) => {
      const id = this.#send(message);
      if (id === null) {
        reject(new Refused("offline", "There is no connection right now. Please try again in a moment."));
        return;
      }
      const timer = window.setTimeout(() => {
        this.#pending.delete(id);
        reject(new Refused("no_answer", "The server did not answer. Please try again."));
      }, ANSWER_DEADLINE);
      this.#pending.set(id, { resolve, reject, timer });
    });
  }

  #send(message: Request): number | null {
    if (this.#socket?.readyState !== WebSocket.OPEN) return null;
    this.#lastId += 1;
    this.#socket.send(JSON.stringify({ ...message, id: this.#lastId }));
    return this.#lastId;
  }

  #feed(input: LinkInput): void {
    const before = this.#link;
    const [link, actions] = step(before, input, (this.options.random ?? Math.random)());
    this.#link = link;
    for (const action of actions) this.#perform(action);
    if (statusOf(link) !== statusOf(before)) this.options.events.link(statusOf(link));
  }

  #perform(action: LinkAction): void {
    const { attempt } = action;
    switch (action.do) {
      case "dial":
        this.#dial(attempt);
        return;
      case "join":
        this.#join(attempt, action.takeOver);
        return;
      case "drop":
        this.#drop();
        return;
      case "deadline":
        window.setTimeout(() => this.#feed({ type: "overdue", attempt }), action.milliseconds);
        return;
      case "pause":
        window.setTimeout(() => this.#feed({ type: "due", attempt }), action.milliseconds);
        return;
    }
  }

  #dial(attempt: number): void {
    const socket = (this.options.open ?? ((url: string) => new WebSocket(url)))(this.options.url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#heardAt = performance.now();
      this.#feed({ type: "opened", attempt });
      this.#keepAlive(attempt);
    };
    socket.onmessage = (event) => {
      this.#heardAt = performance.now();
      if (this.#socket === socket) this.#received(attempt, JSON.parse(String(event.data)) as ServerMessage);
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#forgetSocket();
      const error = finalReason(event.code);
      if (error) this.#final({ type: "closing", id: null, error, text: "", reason: null, way_out: null });
      this.#feed({ type: "closed", attempt, code: event.code });
    };
  }

  #join(attempt: number, takeOver: boolean): void {
    const wants = this.options.wants();
    const resume = takeOver ? null : this.options.seat.resume;
    this.request({ type: "join", ...wants, take_over: takeOver, resume }).catch((error: unknown) => {
      if (error instanceof Refused && error.error === "opened_elsewhere") this.#feed({ type: "elsewhere", attempt });
    });
  }

  #received(attempt: number, message: ServerMessage): void {
    if (message.type === "welcome") {
      this.options.seat.keep(message.you.connection, message.you.secret);
      this.#feed({ type: "welcomed", attempt });
    }
    const isFinal = message.type === "closing" && FINAL.has(message.error);
    if (isFinal) this.#final(message);
    else this.options.events.message(message);
    this.#settle(message);
    // Only now: the person must see the reason before the link reports that it is over.
    if (isFinal) this.#feed({ type: "finished", attempt });
  }

  #final(message: Extract<ServerMessage, { type: "closing" }>): void {
    // A removed or refused person may be let in again, then with a new seat.
    this.options.seat.forget();
    this.options.events.message(message);
  }

  #settle(message: ServerMessage): void {
    const id = "id" in message ? message.id : null;
    const waiting = id === null ? undefined : this.#pending.get(id);
    if (id === null || !waiting) return;
    this.#pending.delete(id);
    window.clearTimeout(waiting.timer);
    if (message.type === "error" || message.type === "closing") waiting.reject(new Refused(message.error, message.text));
    else waiting.resolve(message);
  }

  #keepAlive(attempt: number): void {
    window.clearInterval(this.#pingTimer);
    this.#pingTimer = window.setInterval(() => {
      if (performance.now() - this.#heardAt < SILENCE) {
        this.#send({ type: "ping" });
        return;
      }
      this.#lost(attempt);
    }, PING_EVERY);
  }

  /** A socket over a dead path may take minutes to notice; we do not wait for it. */
  #lost(attempt: number): void {
    this.#drop();
    this.#feed({ type: "closed", attempt, code: 1006 });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#forgetSocket();
    socket?.close(1000);
  }

  #forgetSocket(): void {
    this.#socket = null;
    window.clearInterval(this.#pingTimer);
    for (const { reject, timer } of this.#pending.values()) {
      window.clearTimeout(timer);
      reject(new Refused("offline", "The connection was lost before the answer came. Please try again."));
    }
    this.#pending.clear();
  }
}

function statusOf(link: Link): LinkStatus {
  switch (link.at) {
    case "idle":
    case "over":
      return "idle";
    case "dialing":
    case "joining":
    case "asking":
      return "connecting";
    case "joined":
      return "up";
    case "pausing":
      return "down";
  }
}
