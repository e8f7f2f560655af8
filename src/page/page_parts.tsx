// Small parts that several views share.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { usePage } from "./page_context.ts";

/** A sentence that stands out. */
export function Notice({ kind, children }: {
  kind: "bad" | "calm";
  children: ComponentChildren;
}): JSX.Element {
  return <p class={`notice ${kind}`}>{children}</p>;
}

/** What came of something that was done here: told at once, and scrolled into sight. */
export function Alert({ problem, note, class: kind }: {
  problem: string | undefined;
  note?: string | undefined;
  class?: string;
}): JSX.Element {
  return (
    <div role="alert" class={kind}>
      {problem !== undefined && <SeenNotice kind="bad" text={problem} />}
      {note !== undefined && <SeenNotice kind="calm" text={note} />}
    </div>
  );
}

function SeenNotice({ kind, text }: { kind: "bad" | "calm"; text: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [text]);
  return (
    <div ref={place}>
      <Notice kind={kind}>{text}</Notice>
    </div>
  );
}

/** A card with a heading. */
export function Section({ title, children, aside }: {
  title: string;
  children: ComponentChildren;
  aside?: ComponentChildren;
}): JSX.Element {
  return (
    <section class="card" aria-label={title}>
      <header class="cardhead">
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** A heading that takes the focus when its view appears. */
export function ViewTitle({ children }: { children: ComponentChildren }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return <h1 class="unseen" ref={heading} tabIndex={-1}>{children}</h1>;
}

/** A button that asks first, in a dialog. */
export function AskedButton({ label, title, text, act, class: kind = "" }: {
  label: string;
  title: string;
  text: string;
  act: () => void;
  class?: string;
}): JSX.Element {
  const { words } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  return (
    <>
      <button type="button" class={kind} aria-label={title} onClick={() => setIsOpen(true)}>
        {label}
      </button>
      {isOpen && (
        <dialog ref={dialog} aria-label={title} onClose={() => setIsOpen(false)}>
          <p class="asked">{title}</p>
          <p>{text}</p>
          <div class="row">
            <button type="button" onClick={() => dialog.current?.close()}>{words.cancel}</button>
            <button
              type="button"
              class="danger"
              onClick={() => {
                dialog.current?.close();
                act();
              }}
            >
              {label}
            </button>
          </div>
        </dialog>
      )}
    </>
  );
}
