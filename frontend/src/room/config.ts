// What the server tells the page before anything else happens.

export interface RoomConfig {
  readonly wsUrl: string;
  readonly sessionId: string;
  readonly title: string;
  readonly you: { readonly id: string; readonly name: string; readonly role: string };
  readonly homeUrl: string;
  readonly phone: string;
  readonly crisis: string;
  readonly programZone: string;
  readonly userZone: string;
  readonly scheduledStart: string;
  readonly scheduledEnd: string;
  readonly debug: boolean;
}

const text = (value: unknown, fallback = ""): string => (typeof value === "string" ? value : fallback);

/** Read the page's configuration; only the socket's address and the session are indispensable. */
export function readConfig(json: string, origin: string): RoomConfig {
  const raw = JSON.parse(json) as Record<string, unknown>;
  const you = (raw["you"] ?? {}) as Record<string, unknown>;
  const sessionId = text(raw["session_id"]);
  const address = text(raw["ws_url"]);
  if (!sessionId || !address) throw new Error("The page's configuration lacks the session or the socket's address");
  const wsUrl = new URL(address, origin.replace(/^http/, "ws"));
  return {
    wsUrl: wsUrl.href,
    sessionId,
    title: text(raw["title"], "Session"),
    you: { id: text(you["id"]), name: text(you["name"]), role: text(you["role"]) },
    homeUrl: text(raw["home_url"], "/"),
    phone: text(raw["phone"]),
    crisis: text(raw["crisis"], "988"),
    programZone: text(raw["program_zone"], "UTC"),
    userZone: text(raw["user_zone"]) || Intl.DateTimeFormat().resolvedOptions().timeZone,
    scheduledStart: text(raw["scheduled_start"]),
    scheduledEnd: text(raw["scheduled_end"]),
    debug: raw["debug"] === true,
  };
}
