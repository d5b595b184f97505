// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { foldMenus } from "./menu";

function page(): { button: HTMLButtonElement; link: HTMLElement; after: HTMLElement; isOpen: () => string | null } {
  document.body.innerHTML = `<nav><button class="menu-button" aria-expanded="false" aria-controls="menu">Menu</button>
    <ul id="menu"><li><a href="/a/" id="link">A</a></li></ul></nav><a href="/b/" id="after">B</a>`;
  foldMenus(document);
  const button = document.querySelector("button") as HTMLButtonElement;
  const link = document.getElementById("link") as HTMLElement;
  return { button, link, after: document.getElementById("after") as HTMLElement, isOpen: () => button.getAttribute("aria-expanded") };
}

it("opens and closes by its button", () => {
  const { button, isOpen } = page();
  button.click();
  expect(isOpen()).toBe("true");
  button.click();
  expect(isOpen()).toBe("false");
});

it("closes on Escape and gives the focus back", () => {
  const { button, link, isOpen } = page();
  button.click();
  link.focus();
  link.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect(isOpen()).toBe("false");
  expect(document.activeElement).toBe(button);
});

it("closes when the focus goes on to the page, not when it goes from button to link", () => {
  const { button, link, after, isOpen } = page();
  button.click();
  button.dispatchEvent(new FocusEvent("focusout", { relatedTarget: link, bubbles: true }));
  expect(isOpen()).toBe("true");
  link.dispatchEvent(new FocusEvent("focusout", { relatedTarget: after, bubbles: true }));
  expect(isOpen()).toBe("false");
});
