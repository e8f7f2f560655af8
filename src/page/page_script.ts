// Where the page's script begins. The document has the frame of the page already: what runs before the
// browser has painted that is only what the rest waits for, and what must not wait.

import { readKept } from "./kept_text.ts";
import { takePin } from "./pin_address.ts";

const start = { pin: takePin(location, history), kept: readKept() };
// A browser that keeps nothing is told of by whoever reads it.
start.kept.catch(() => {});

// In the same file: a module that is imported like this begins when it is asked for.
afterFirstPaint(() => void import("./page_app.tsx").then(({ openPage }) => openPage(start)));

function afterFirstPaint(run: () => void): void {
  const isPainted = performance.getEntriesByType("paint").length > 0;
  // A tab behind others paints nothing, and follows the others all the same.
  if (isPainted || document.visibilityState === "hidden") return run();
  requestAnimationFrame(() => setTimeout(run));
}
