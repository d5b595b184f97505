// One polite live region for the pages; base.html holds it.

/** Say a sentence to screen readers, again even if it is the same as the last one. */
export function announce(text: string): void {
  const region = document.getElementById("live-polite");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = text));
}
