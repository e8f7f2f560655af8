import {
  judgeActions,
  judgeClock,
  judgeConfig,
  judgeDisplay,
  judgePairingTime,
  judgePermissions,
  MAX_YEARS_AFTER_RELEASE,
  SLOW_PAIRING_MS,
} from "../../../src/features/doctor/device_judgements.ts";
import { testJudgement } from "./rows.ts";

testJudgement(judgeConfig, [
  ["no file", { file: undefined, problems: [] }, "ok", /^no file, the defaults hold/],
  ["a sound file", { file: "/etc/a.toml", problems: [] }, "ok", /^\/etc\/a\.toml is sound/],
  ["one mistake", { file: "a", problems: ["Cannot read a: line 3: x"] }, "fail", /^Cannot.*x\. /],
  ["three mistakes", { file: "a", problems: ["x", "y", "z"] }, "fail", /^x \(and 2 more\)\. Fix/],
]);

testJudgement(judgeActions, [
  ["none", { actions: [], problems: [] }, "ok", /none/],
  [
    "a program that can be started",
    { actions: [{ name: "tv", program: "/bin/tv", state: "executable" }], problems: [] },
    "ok",
    /^1 of 1/,
  ],
  [
    "a program that is missing beside one that is there",
    {
      actions: [
        { name: "tv", program: "/bin/tv", state: "executable" },
        { name: "radio", program: "/bin/radio", state: "missing" },
      ],
      problems: [],
    },
    "fail",
    /^action radio: \/bin\/radio is not there\. Install/,
  ],
  [
    "a program that is not executable",
    { actions: [{ name: "tv", program: "/bin/tv", state: "not_executable" }], problems: [] },
    "fail",
    /^action tv: \/bin\/tv is not executable/,
  ],
  [
    "a mistake in the table",
    {
      actions: [{ name: "tv", program: "/bin/tv", state: "executable" }],
      problems: ["action tv: /x is no folder"],
    },
    "fail",
    /^action tv: \/x is no folder\. /,
  ],
]);

const RELEASE = "2026-01-31";
const RELEASED_MS = Date.UTC(2026, 0, 31);
const LATEST_MS = RELEASED_MS + MAX_YEARS_AFTER_RELEASE * 365 * 86_400_000;

testJudgement(judgeClock, [
  [
    "the day of the release",
    { wallMs: RELEASED_MS, releaseDate: RELEASE },
    "ok",
    /2026-01-31 00:00/,
  ],
  [
    "before the release",
    { wallMs: RELEASED_MS - 1, releaseDate: RELEASE },
    "fail",
    /before.*Set it/,
  ],
  ["1970", { wallMs: 0, releaseDate: RELEASE }, "fail", /^it says 1970-01-01 00:00, before/],
  ["the last moment", { wallMs: LATEST_MS, releaseDate: RELEASE }, "ok", /UTC/],
  [
    "behind what the device has seen",
    { wallMs: RELEASED_MS, releaseDate: RELEASE, markMs: RELEASED_MS + 86_400_001 },
    "warn",
    /seen 2026-02-01 00:00, and keys end by the later time/,
  ],
  [
    "a day behind",
    { wallMs: RELEASED_MS, releaseDate: RELEASE, markMs: RELEASED_MS + 86_400_000 },
    "ok",
    /UTC/,
  ],
  ["far ahead", { wallMs: LATEST_MS + 1, releaseDate: RELEASE }, "fail", /20 years ahead/],
]);

testJudgement(judgeDisplay, [
  [
    "a panel that nobody sees",
    {
      displays: [{
        kind: "auto",
        shows: "framebuffer (not seen)",
        isHidden: true,
        problem: undefined,
      }],
    },
    "warn",
    /^framebuffer \(not seen\)\. Name what is seen there as kind/,
  ],
  [
    "a panel that nobody sees beside a line that everybody does",
    {
      displays: [
        {
          kind: "framebuffer",
          shows: "framebuffer (not seen)",
          isHidden: true,
          problem: undefined,
        },
        { kind: "retroarch", shows: "a line in retroarch", problem: undefined },
      ],
    },
    "ok",
    /^framebuffer \(not seen\), a line in retroarch/,
  ],
  [
    "a panel",
    { displays: [{ kind: "auto", shows: "framebuffer 640x480", problem: undefined }] },
    "ok",
    /^framebuffer 640x480/,
  ],
  [
    "a panel beside a kind that shows nothing",
    {
      displays: [
        { kind: "file", shows: "file /run/pin.png", problem: undefined },
        { kind: "auto", shows: undefined, problem: undefined },
      ],
    },
    "ok",
    /^file \/run\/pin\.png/,
  ],
  [
    "one that cannot be opened beside one that can",
    {
      displays: [
        { kind: "file", shows: "file /run/pin.png", problem: undefined },
        { kind: "framebuffer", shows: undefined, problem: "no such device" },
      ],
    },
    "fail",
    /^framebuffer: no such device\. /,
  ],
  [
    "nothing found by itself",
    { displays: [{ kind: "auto", shows: undefined, problem: undefined }] },
    "warn",
    /^only `latchkey pair`/,
  ],
  [
    "nothing wanted",
    { displays: [{ kind: "none", shows: undefined, problem: undefined }] },
    "ok",
    /as configured/,
  ],
  ["an empty list", { displays: [] }, "ok", /as configured/],
]);

testJudgement(judgePairingTime, [
  ["quick", { deviceMs: 30.4, isAgreed: true }, "ok", /takes 30 ms/],
  ["at the limit", { deviceMs: SLOW_PAIRING_MS, isAgreed: true }, "ok", /takes 2000 ms/],
  ["slow", { deviceMs: SLOW_PAIRING_MS + 1, isAgreed: true }, "warn", /takes 2001 ms/],
  ["wrong", { deviceMs: 1, isAgreed: false }, "fail", /no common key/],
]);

testJudgement(judgePermissions, [
  [
    "a service of its own user",
    { uid: 990, isOfService: true },
    "ok",
    /the service runs as user 990/,
  ],
  [
    "a service of root's",
    { uid: 0, isOfService: true },
    "warn",
    /the service runs as root\. Run it/,
  ],
  ["root, no service", { uid: 0, isOfService: false }, "warn", /doctor runs.*as root/],
  ["a user, no service", { uid: 1, isOfService: false }, "ok", /doctor runs.*as user 1/],
]);
