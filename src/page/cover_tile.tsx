// A cover, or where there is none a quiet tile with the first letters of the name. It is asked for
// whenever it comes near the screen: the shelf has it then, or may have it now.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { usePage } from "./page_context.ts";

const NEAR_SCREEN = "300px";
const HUES = 6;

/** A cover; it says nothing, for its name stands beside it. */
export function CoverTile({ reference, name, system }: {
  reference: { mediaId: number } | { system: string; path: string } | undefined;
  name: string;
  system: string;
}): JSX.Element {
  const { covers } = usePage();
  const box = useRef<HTMLDivElement>(null);
  const [url, setUrl] = useState<string>();
  const key = JSON.stringify(reference);
  useEffect(() => {
    setUrl(undefined);
    const element = box.current;
    if (element === null || reference === undefined) return;
    let isCurrent = true;
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      void covers.get(reference).then((found) => isCurrent && setUrl(found));
    }, { rootMargin: NEAR_SCREEN });
    watch.observe(element);
    return () => {
      isCurrent = false;
      watch.disconnect();
    };
  }, [key]);
  return (
    <div class={`cover hue${hueOf(system)}`} ref={box} aria-hidden="true">
      {url === undefined ? <span>{lettersOf(name)}</span> : <img src={url} alt="" />}
    </div>
  );
}

function lettersOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  return words.slice(0, 2).map((word) => [...word][0]).join("").toUpperCase();
}

// Systems keep their colour.
function hueOf(system: string): number {
  let sum = 0;
  for (const character of system) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return sum % HUES;
}
