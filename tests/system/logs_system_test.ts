// `latchkey logs` on devices with a log file, with a journal and with neither: each in a mount
// namespace of its own, whose /run and /var/log are empty.

import assert from "node:assert/strict";
import { systemTest } from "../support/system_test.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const LOG_FILE = "/var/log/latchkey.log";

/** What never comes ends with its script. */
const LIMIT_S = "30";

const whyNot = Deno.uid() === 0 ? undefined : "only root can mount empty folders";

/** Runs a script on a device that nobody logged on yet; `latchkey` stands for the command. */
async function onDevice(script: string): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command("timeout", {
    args: [
      ...[LIMIT_S, "unshare", "--mount", "sh", "-c"],
      `mount -t tmpfs none /run && mount -t tmpfs none /var/log || exit 99
       latchkey() { "$DENO" run -q -A --no-prompt "$MAIN" "$@"; }
       ${script}`,
    ],
    env: { DENO: Deno.execPath(), MAIN },
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

const lines = (first: number, last: number): string =>
  Array.from({ length: last - first + 1 }, (_, at) => `line ${first + at}\n`).join("");

systemTest("logs shows the end of the file that the init scripts write", {
  whyNot,
  run: async () => {
    const write = `seq -f 'line %g' 150 >${LOG_FILE}`;
    const { code, out } = await onDevice(`${write}; latchkey logs && latchkey logs --lines 3`);
    assert.deepEqual([code, out], [0, lines(51, 150) + lines(148, 150)]);
  },
});

systemTest("logs --follow shows what is written later, also when the file was moved aside", {
  whyNot,
  run: async () => {
    const { code, out } = await onDevice(`
      echo before >${LOG_FILE}
      mkfifo /run/shown
      latchkey logs --follow >/run/shown 2>/dev/null & pid=$!
      exec 3</run/shown
      read -r first <&3
      echo after >>${LOG_FILE}
      read -r second <&3
      mv ${LOG_FILE} ${LOG_FILE}.1
      echo anew >${LOG_FILE}
      read -r third <&3
      pkill -P $pid
      wait $pid
      echo "$first, $second, $third"`);
    assert.deepEqual([code, out], [0, "before, after, anew\n"]);
  },
});

systemTest("logs asks the journal where systemd runs, and ends as it does", {
  whyNot,
  run: async () => {
    const { out, err } = await onDevice(`
      mkdir -p /run/systemd/system /run/bin
      printf '#!/bin/sh\\necho "$@"\\nexit 4\\n' >/run/bin/journalctl
      chmod +x /run/bin/journalctl
      PATH=/run/bin:$PATH
      echo 'not this one' >${LOG_FILE}
      latchkey logs; echo $?
      latchkey logs --follow --lines 7`);
    assert.deepEqual([out, err], [
      "--unit latchkey --no-pager -n 100\n1\n--unit latchkey --no-pager -n 7 -f\n",
      "",
    ]);
  },
});

systemTest("logs says where the log is where the device has none", {
  whyNot,
  run: async () => {
    const { code, out, err } = await onDevice("latchkey logs");
    assert.deepEqual([code, out, err], [
      1,
      "",
      `There is no journal here and no ${LOG_FILE}: the log is where the service was started\n`,
    ]);
  },
});
