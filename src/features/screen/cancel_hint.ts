// What the panel says about its buttons: how to cancel a PIN that is shown.

// As they are printed on most handhelds; the others go by the kernel's name without its prefix.
const LABELS: Readonly<Record<string, string>> = {
  BTN_TL: "L1",
  BTN_TR: "R1",
  BTN_TL2: "L2",
  BTN_TR2: "R2",
  BTN_THUMBL: "L3",
  BTN_THUMBR: "R3",
  BTN_MODE: "Home",
  KEY_VOLUMEDOWN: "Volume down",
  KEY_VOLUMEUP: "Volume up",
  KEY_LEFTCTRL: "Ctrl",
  KEY_LEFTSHIFT: "Shift",
  KEY_LEFTALT: "Alt",
};

/** How a chord cancels, in several lengths, the longest first; empty for a chord without buttons. */
export function cancelHints(buttons: readonly string[]): string[] {
  if (buttons.length === 0) return [];
  const chord = buttons.map(labelOf).join(" + ");
  return [`Hold ${chord} to cancel`, `${chord} cancels`, chord];
}

function labelOf(name: string): string {
  const bare = name.replace(/^(KEY|BTN)_(DPAD_)?/, "").replaceAll("_", " ").toLowerCase();
  return LABELS[name] ?? bare.charAt(0).toUpperCase() + bare.slice(1);
}
