// One media path: a peer connection, its watch, its restart in place and its rebuilding. publish.ts and subscribe.ts negotiate.
import { configuration, type IceAdvice } from "./ice";
import { judge, patience, rebuildPause, recent, throughTurn, WAKE_GRACE } from "./ladder";
import { Refused, type Request } from "./socket";
import type { PathName, PathStatus } from "./state";
import type { ServerMessage } from "./wire";

export interface PathOptions {
  readonly request: (message: Request) => Promise<ServerMessage>;
  readonly nextGeneration: () => number;
  readonly report: (status: PathStatus) => void;
  /** The relay could not be reached; building goes on, slowly. */
  readonly relayAway: (away: boolean) => void;
  readonly iceServers: () => Promise<IceAdvice>;
  /** Nothing can be agreed while the socket is away; media may still come back by itself. */
  readonly isOnline: () => boolean;
}

export type Numbers = Record<string, unknown>;

const WATCH_EVERY = 1_000;
const RELAY_PATIENCE = 5_000;
// So many looks in a row that each found something new: media flows.
const STEADY_AFTER = 4;

/** A path that is built, watched, restarted, and built again until it is closed. */
export abstract class MediaPath {
  pc: RTCPeerConnection | null = null;
  /** How often the path was built, and restarted in place, for whoever wants to know. */
  built = 0;
  restarted = 0;
  protected generation = 0;
  #build = 0;
  #failures = 0;
  #rebuilds: readonly number[] = [];
  #watch = 0;
  #retry = 0;
  #said: PathStatus = "none";
  #wasConnected = false;
  #stateSince = 0;
  #heardAt = 0;
  #heard: Heard = { text: "", hasChecks: false };
  #newsInARow = 0;
  #restartedAt: number | null = null;
  #patientUntil = 0;

  constructor(
    readonly name: PathName,
    protected readonly options: PathOptions,
  ) {}

  /** Build the path; one that stands is replaced. */
  start(): void {
    this.#tearDown();
    const build = ++this.#build;
    this.#say("connecting");
    this.#make(build).then(
      () => build === this.#build && this.options.relayAway(false),
      (error: unknown) => build === this.#build && this.#failed(error),
    );
  }

  /** Build again now, whatever the pause and whatever failed before: the server says that things have changed. */
  restart(): void {
    this.#failures = 0;
    this.#rebuilds = [];
    this.start();
  }

  /** The socket is back: go on with what waited for it. */
  resume(): void {
    if (!this.pc || !this.#wasConnected) this.restart();
    else this.#act(this.pc);
  }

  /** Look at once. After a sleep, or on another network, the path has to show soon that it is alive. */
  async look(isSuspect: boolean): Promise<void> {
    const { pc } = this;
    if (!pc) return;
    if (isSuspect) {
      // What came before the sleep is no sign of life after it.
      const before = await numbersOf(pc).then(heardIn, () => this.#heard);
      if (pc !== this.pc) return;
      this.#heard = before;
      this.#heardAt = Math.min(this.#heardAt, performance.now() - patience(this.#isSteady) + WAKE_GRACE);
      this.#stateSince = 0;
    }
    await this.#look(pc);
  }

  close(): void {
    this.#build += 1;
    this.#tearDown();
    this.#say("none");
  }

  /** Ask for what can be asked before the servers are known and the peer connection is made. */
  protected prepare(): void {}

  /** Agree with the relay about a new peer connection. */
  protected abstract negotiate(pc: RTCPeerConnection): Promise<void>;

  /** Agree with the relay about new ICE credentials for the peer connection that stands. */
  protected abstract negotiateRestart(pc: RTCPeerConnection): Promise<void>;

  /** Take the numbers of each second's look. */
  protected measured(_pc: RTCPeerConnection, _stats: readonly Numbers[]): void {}

  async #make(build: number): Promise<void> {
    this.generation = this.options.nextGeneration();
    this.prepare();
    const advice = await this.options.iceServers();
    if (build !== this.#build) return;
    const pc = new RTCPeerConnection(configuration(advice, throughTurn(this.#rebuilds, performance.now())));
    this.pc = pc;
    this.built += 1;
    this.#wasConnected = false;
    this.#restartedAt = null;
    this.#patientUntil = 0;
    this.#newsInARow = 0;
    this.#heard = { text: "", hasChecks: false };
    this.#stateSince = this.#heardAt = performance.now();
    pc.addEventListener("connectionstatechange", () => this.#changed(pc));
    this.#watch = window.setInterval(() => void this.#look(pc), WATCH_EVERY);
    await this.negotiate(pc);
  }

  #say(status: PathStatus): void {
    if (status === this.#said) return;
    this.#said = status;
    this.options.report(status);
  }

  #tearDown(): void {
    window.clearInterval(this.#watch);
    window.clearTimeout(this.#retry);
    this.pc?.close();
    this.pc = null;
  }

  #changed(pc: RTCPeerConnection): void {
    if (pc !== this.pc) return;
    this.#stateSince = performance.now();
    if (pc.connectionState === "connected") {
      this.#failures = 0;
      this.#wasConnected = true;
      this.#heardAt = performance.now();
      this.#say("connected");
    } else if (pc.connectionState !== "new" && pc.connectionState !== "connecting") {
      this.#say("broken");
    }
  }

  get #isSteady(): boolean {
    return this.#newsInARow >= STEADY_AFTER;
  }

  async #look(pc: RTCPeerConnection): Promise<void> {
    const stats = await numbersOf(pc).catch(() => null);
    if (pc !== this.pc) return;
    if (stats) this.measured(pc, stats);
    const heard = stats ? heardIn(stats) : this.#heard;
    const now = performance.now();
    const isConnected = pc.connectionState === "connected";
    if (heard.text !== this.#heard.text) {
      const wasSilent = now - this.#heardAt > 2 * WATCH_EVERY;
      [this.#heard, this.#heardAt] = [heard, now];
      this.#newsInARow = wasSilent ? 1 : this.#newsInARow + 1;
      if (isConnected) this.#alive();
    } else if (!this.#isSteady) {
      // Of a silence that follows media `isSteady` still tells that it was media.
      this.#newsInARow = 0;
      if (isConnected && !heard.hasChecks && this.#stateSince > (this.#restartedAt ?? Infinity)) this.#alive();
    }
    this.#act(pc);
  }

  #alive(): void {
    if (this.#restartedAt !== null || this.#patientUntil > 0) this.options.relayAway(false);
    this.#restartedAt = null;
    this.#patientUntil = 0;
    this.#say("connected");
  }

  #act(pc: RTCPeerConnection): void {
    const now = performance.now();
    const verdict = judge({
      state: pc.connectionState,
      stateFor: now - this.#stateSince,
      // Where a browser does not count answered checks, only media that stops can be heard to stop.
      silentFor: this.#heard.hasChecks || this.#isSteady ? now - this.#heardAt : 0,
      wasSteady: this.#isSteady,
      wasConnected: this.#wasConnected,
      restartedFor: this.#restartedAt === null ? null : now - this.#restartedAt,
    });
    if (verdict === "fine" || verdict === "wait") return;
    this.#say("broken");
    if (!this.options.isOnline() || now < this.#patientUntil) return; // the socket's return, and each second, ask again
    if (verdict === "rebuild") this.#failed(null);
    else void this.#restartIce(pc);
  }

  async #restartIce(pc: RTCPeerConnection): Promise<void> {
    this.#restartedAt = performance.now();
    this.restarted += 1;
    try {
      const advice = await this.options.iceServers();
      if (pc !== this.pc) return;
      try {
        pc.setConfiguration(configuration(advice, throughTurn(this.#rebuilds, performance.now())));
      } catch {
        // A browser that cannot change servers goes on with those it has.
      }
      await this.negotiateRestart(pc);
    } catch (error) {
      if (pc === this.pc) this.#restartFailed(error);
    }
  }

  /** A relay that cannot be reached may come back with everything it had; nothing is torn down meanwhile. */
  #restartFailed(error: unknown): void {
    const refusal = error instanceof Refused ? error.error : null;
    if (refusal !== "relay_unavailable" && refusal !== "offline") return this.#failed(error);
    this.#restartedAt = null;
    if (refusal === "offline") return;
    this.#patientUntil = performance.now() + RELAY_PATIENCE;
    this.options.relayAway(true);
  }

  #failed(error: unknown): void {
    this.#tearDown();
    this.#say("broken");
    const refusal = error instanceof Refused ? error.error : null;
    if (refusal === "not_in_room" || refusal === "not_joined") return; // the next welcome or seat starts it again
    const isAway = refusal === "relay_unavailable";
    if (isAway) this.options.relayAway(true);
    else this.#rebuilds = [...recent(this.#rebuilds, performance.now()), performance.now()];
    const pause = rebuildPause(this.#failures, Math.random()) + (isAway ? RELAY_PATIENCE : 0);
    this.#failures += 1;
    this.#retry = window.setTimeout(() => this.start(), pause);
  }
}

interface Heard {
  /** Another text means that something came. */
  readonly text: string;
  /** The browser counts answered checks of the path too. */
  readonly hasChecks: boolean;
}

/** Give everything a browser counts of a connection. */
export async function numbersOf(pc: RTCPeerConnection): Promise<readonly Numbers[]> {
  return [...((await pc.getStats()).values() as IterableIterator<Numbers>)];
}

/** Sum up what has come in on the pair in use. */
function heardIn(stats: readonly Numbers[]): Heard {
  const pairs = stats.filter((one) => one["type"] === "candidate-pair" && one["nominated"] === true);
  return {
    text: pairs.map((one) => `${one["bytesReceived"]}/${one["responsesReceived"]}/${one["packetsReceived"]}`).join(";"),
    hasChecks: pairs.some((one) => one["responsesReceived"] !== undefined),
  };
}
