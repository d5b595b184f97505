// The menu that folds on a phone: <button class="menu-button" aria-expanded aria-controls>. What folds and when is in shell.css, from
// the first paint on; this opens and closes it. Escape and leaving it close it, Escape gives the focus back.

/** Make every menu button of a page work. */
export function foldMenus(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>(".menu-button")) {
    const nav = button.parentElement;
    const open = (is: boolean): void => button.setAttribute("aria-expanded", String(is));
    button.addEventListener("click", () => open(button.getAttribute("aria-expanded") !== "true"));
    nav?.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || button.getAttribute("aria-expanded") !== "true") return;
      open(false);
      button.focus();
    });
    nav?.addEventListener("focusout", (event) => {
      if (!nav.contains(event.relatedTarget as Node | null) && event.relatedTarget) open(false);
    });
  }
}
