// The life of the socket as a table of states and inputs. It owns no work: each attempt has a number, reports of a superseded
// attempt are dropped, and what comes out is a list of things somebody else has to do.

import type { ErrorId } from "./wire";

export type Link =
  | { readonly at: "idle"; readonly attempt: number }
  | { readonly at: "dialing" | "joining" | "asking" | "joined"; readonly attempt: number; readonly failures: number; readonly takeOver: boolean }
  | { readonly at: "pausing"; readonly attempt: number; readonly failures: number; readonly takeOver: boolean }
  | { readonly at: "over"; readonly attempt: number };

export type LinkInput =
  | { readonly type: "start"; readonly takeOver: boolean }
  | { readonly type: "opened"; readonly attempt: number }
  | { readonly type: "welcomed"; readonly attempt: number }
  | { readonly type: "elsewhere"; readonly attempt: number }
  | { readonly type: "finished"; readonly attempt: number }
  | { readonly type: "closed"; readonly attempt: number; readonly code: number }
  | { readonly type: "overdue"; readonly attempt: number }
  | { readonly type: "due"; readonly attempt: number }
  | { readonly type: "online" }
  | { readonly type: "stop"; readonly attempt: number };

export type LinkAction =
  | { readonly do: "dial"; readonly attempt: number }
  | { readonly do: "join"; readonly attempt: number; readonly takeOver: boolean }
  | { readonly do: "drop"; readonly attempt: number }
  | { readonly do: "deadline"; readonly attempt: number; readonly milliseconds: number }
  | { readonly do: "pause"; readonly attempt: number; readonly milliseconds: number };

export type Step = readonly [Link, readonly LinkAction[]];

export const START: Link = { at: "idle", attempt: 0 };
export const JOIN_DEADLINE = 10_000;
const LONGEST_PAUSE = 15_000;

/** What a close code means (docs/protocol.md section 5), for a socket that closed before its last message came. */
export const CLOSE_CODES: Readonly<Record<number, ErrorId>> = {
  4401: "unauthenticated",
  4403: "denied",
  4404: "not_found",
  4410: "removed",
  4409: "superseded",
  4425: "not_yet_open",
  4411: "ended",
  4412: "logged_out",
  4400: "bad_message",
  4429: "rate_limited",
  4413: "too_large",
  4500: "server_error",
};

/** After these the browser stays away until the person acts; after all others it comes back by itself. */
export const FINAL: ReadonlySet<ErrorId> = new Set<ErrorId>([
  "unauthenticated",
  "denied",
  "not_found",
  "removed",
  "superseded",
  "not_yet_open",
  "ended",
  "logged_out",
]);

/** Say what a close code means, and whether it is for good. */
export function finalReason(code: number): ErrorId | null {
  const error = CLOSE_CODES[code];
  return error && FINAL.has(error) ? error : null;
}

/** Double the pause with every failure and spread it, so that a whole group does not come back in one instant. */
export function pauseAfter(failures: number, random: number): number {
  const whole = Math.min(LONGEST_PAUSE, 500 * 2 ** Math.min(failures, 10));
  return Math.round(whole * (0.5 + random / 2));
}

/** Move on by one input; `random` in [0, 1) spreads the pauses. */
export function step(link: Link, input: LinkInput, random: number): Step {
  if ("attempt" in input && input.attempt !== link.attempt) return [link, []];
  switch (input.type) {
    case "start":
      return link.at === "asking" ? claim(link, input.takeOver) : dial(link, 0, input.takeOver);
    case "stop":
    case "finished":
      return [{ at: "over", attempt: link.attempt }, isOpen(link) ? [{ do: "drop", attempt: link.attempt }] : []];
    case "online":
      return link.at === "pausing" ? dial(link, link.failures, link.takeOver) : [link, []];
    case "opened":
      if (link.at !== "dialing") return [link, []];
      return [{ ...link, at: "joining" }, [{ do: "join", attempt: link.attempt, takeOver: link.takeOver }]];
    case "welcomed":
      // A takeover holds for the join it was asked for; later joins prove the seat by the secret.
      return link.at === "joining" ? [{ ...link, at: "joined", failures: 0, takeOver: false }, []] : [link, []];
    case "elsewhere":
      return link.at === "joining" ? [{ ...link, at: "asking" }, []] : [link, []];
    case "closed":
      return closed(link, input.code, random);
    case "overdue":
      return link.at === "dialing" || link.at === "joining" ? drop(link, random) : [link, []];
    case "due":
      return link.at === "pausing" ? dial(link, link.failures, link.takeOver) : [link, []];
  }
}

function dial(link: Link, failures: number, takeOver: boolean): Step {
  const attempt = link.attempt + 1;
  const before: LinkAction[] = isOpen(link) ? [{ do: "drop", attempt: link.attempt }] : [];
  return [
    { at: "dialing", attempt, failures, takeOver },
    [...before, { do: "dial", attempt }, { do: "deadline", attempt, milliseconds: JOIN_DEADLINE }],
  ];
}

function claim(link: Extract<Link, { failures: number }>, takeOver: boolean): Step {
  const { attempt, failures } = link;
  return [
    { at: "joining", attempt, failures, takeOver },
    [
      { do: "join", attempt, takeOver },
      { do: "deadline", attempt, milliseconds: JOIN_DEADLINE },
    ],
  ];
}

function closed(link: Link, code: number, random: number): Step {
  if (!("failures" in link) || link.at === "pausing") return [link, []];
  if (finalReason(code)) return [{ at: "over", attempt: link.attempt }, []];
  return pause(link, random, []);
}

function drop(link: Extract<Link, { failures: number }>, random: number): Step {
  return pause(link, random, [{ do: "drop", attempt: link.attempt }]);
}

function pause(link: Extract<Link, { failures: number }>, random: number, before: readonly LinkAction[]): Step {
  const { attempt, failures, takeOver } = link;
  const milliseconds = pauseAfter(failures, random);
  return [
    { at: "pausing", attempt, failures: failures + 1, takeOver },
    [...before, { do: "pause", attempt, milliseconds }],
  ];
}

function isOpen(link: Link): boolean {
  return link.at === "dialing" || link.at === "joining" || link.at === "asking" || link.at === "joined";
}
