// Buttons go with what they end, and forms with what they save. Who uses keys, or listens, stays in
// that place instead of beginning at the top of the page.

const PLACES = "li, section, form, main";

/** Gives the focus of what goes to the place in `root` where it was. */
export function keepFocusPlace(root: HTMLElement): void {
  let path: readonly Element[] = [];
  root.addEventListener("focusin", ({ target }) => {
    path = target instanceof Element ? ancestorsOf(target) : [];
  });
  root.addEventListener("focusout", () => {
    // Left on purpose: what is there no more by then has not been.
    setTimeout(() => {
      if (path[0]?.isConnected && document.activeElement === document.body) path = [];
    });
  });
  new MutationObserver(() => {
    if (document.activeElement !== document.body || path[0]?.isConnected !== false) return;
    const place = path.find((one) => one.isConnected && one.matches(PLACES));
    if (!(place instanceof HTMLElement)) return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }).observe(root, { childList: true, subtree: true });
}

function ancestorsOf(element: Element): Element[] {
  const path = [];
  for (let one: Element | null = element; one !== null; one = one.parentElement) path.push(one);
  return path;
}
