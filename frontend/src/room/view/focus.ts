// A tile that becomes large, or small again, is drawn in another list: what had the focus in it is another element then.

/** Draw, and give the focus back to the button of a tile that was on it. */
export function keepingFocus(root: HTMLElement, draw: () => void): void {
  const before = document.activeElement;
  const tile = before?.closest("[data-tile]")?.getAttribute("data-tile");
  const action = before?.getAttribute("data-action");
  draw();
  if (!tile || !action || before?.isConnected) return;
  root.querySelector<HTMLElement>(`[data-tile="${CSS.escape(tile)}"] [data-action="${action}"]`)?.focus();
}
