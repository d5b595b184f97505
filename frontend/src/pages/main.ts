// Set-up of the server-rendered pages: styles, htmx, the CSRF header and what htmx failures say.
import htmx from "htmx.org";
import "../styles/main.css";
import { announce } from "./announce";
import { askBeforeSending } from "./confirm";
import { foldMenus } from "./menu";
import { installMorph } from "./morph";
import { printOnRequest } from "./print";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0; // pages hold health information: none of it goes to localStorage

const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content;

document.addEventListener("htmx:configRequest", (event) => {
  const { detail } = event as CustomEvent<{ verb: string; headers: Record<string, string> }>;
  if (token && detail.verb !== "get") detail.headers["X-CSRFToken"] = token;
});

document.addEventListener("htmx:responseError", (event) => {
  const { detail } = event as CustomEvent<{ xhr: XMLHttpRequest }>;
  // A partial refused because the login ended: the whole page goes to the login and comes back.
  if (detail.xhr.status === 401) window.location.reload();
  else announce("This part could not be brought up to date. It will be tried again.");
});

document.addEventListener("htmx:sendError", () => announce("No connection. This part will be brought up to date later."));

askBeforeSending(document);
installMorph(htmx);
foldMenus(document);
printOnRequest(document);
