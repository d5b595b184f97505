// Which TURN servers a path may use. Asked for before each path is built; without an answer it is built without.
import type { Request } from "./socket";
import type { IceServer, ServerMessage } from "./wire";

export interface IceAdvice {
  readonly servers: readonly IceServer[];
  readonly policy: "all" | "relay";
}

const NONE: IceAdvice = { servers: [], policy: "all" };
const ANSWER_WITHIN = 2_000;
// Two paths are built at once and share one answer; its credentials live far longer.
const SHARED_FOR = 10_000;

export class IceServerSource {
  #shared: { readonly at: number; readonly advice: Promise<IceAdvice> } | null = null;

  constructor(private readonly request: (message: Request) => Promise<ServerMessage>) {}

  /** Give the servers; never fails, and never takes longer than two seconds. */
  get(): Promise<IceAdvice> {
    const now = performance.now();
    if (this.#shared && now - this.#shared.at < SHARED_FOR) return this.#shared.advice;
    const advice = this.#ask();
    this.#shared = { at: now, advice };
    void advice.then((given) => {
      if (given === NONE && this.#shared?.advice === advice) this.#shared = null;
    });
    return advice;
  }

  #ask(): Promise<IceAdvice> {
    return new Promise((resolve) => {
      const timer = window.setTimeout(() => resolve(NONE), ANSWER_WITHIN);
      this.request({ type: "ice_servers.get" })
        .then((answer) => resolve(answer.type === "ice_servers" ? answer : NONE))
        .catch(() => resolve(NONE))
        .finally(() => window.clearTimeout(timer));
    });
  }
}

/** Write what a peer connection is made with; only TURN is used where that is asked for and possible. */
export function configuration(advice: IceAdvice, throughTurn: boolean): RTCConfiguration {
  const hasTurn = advice.servers.some((one) => one.urls.some((url) => /^turns?:/.test(url)));
  return {
    bundlePolicy: "max-bundle",
    rtcpMuxPolicy: "require",
    iceServers: advice.servers.map(({ urls, username, credential }) => ({ urls: [...urls], username, credential })),
    iceTransportPolicy: hasTurn && (throughTurn || advice.policy === "relay") ? "relay" : "all",
  };
}
