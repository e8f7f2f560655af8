// All sections of the benchmark, in the order in which they run. docs/performance.md explains each
// row; a test holds the two together.

import { aeadRows } from "./aead_bench.ts";
import { callsSection, latencySection } from "./calls_bench.ts";
import { displayRows } from "./display_bench.ts";
import { GATEWAY_ROWS, gatewayRows } from "./gateway_bench.ts";
import { keyRows } from "./keys_bench.ts";
import { LIBRARY_ROWS, libraryRows } from "./library_bench.ts";
import { modelRows } from "./models_bench.ts";
import { PAGE_ROWS, pageRows } from "./page_bench.ts";
import { pairingRows } from "./pairing_bench.ts";
import { processSection } from "./process_bench.ts";
import type { PartSection, ServerSection } from "./section.ts";
import { setupsSection, slowCardSection } from "./setups_bench.ts";

/** What is measured at running servers. */
export const SERVER_SECTIONS: readonly ServerSection[] = [
  callsSection,
  latencySection,
  setupsSection,
  slowCardSection,
  processSection,
];

/** What is measured of parts of this tree. */
export const PART_SECTIONS: readonly PartSection[] = [
  {
    id: "aead",
    title: "CPU of a frame with each cipher",
    measure: aeadRows,
    rows: [300, 2048].flatMap((bytes) =>
      ["WebCrypto", "synchronous"].map((cipher) => `seal and open ${bytes} bytes, ${cipher}`)
    ),
  },
  {
    id: "pairing",
    title: "Pairing in this process",
    measure: pairingRows,
    rows: [
      "CPU of pair/start",
      "CPU of pair/finish, store excluded",
      "pair/start, X = pw·U (the right PIN)",
      "pair/start, X of a wrong PIN",
      "pair/start, random X",
    ],
  },
  {
    id: "panel",
    title: "The PIN on a panel of 640 × 480, per second",
    measure: displayRows,
    rows: ["rgb565", "xrgb8888"].flatMap((format) =>
      ["nobody else draws", "a game draws underneath, 4 redraws"].flatMap((state) =>
        ["CPU", "written"].map((what) => `${format}, ${state}, ${what}`)
      )
    ),
  },
  {
    id: "keys",
    title: "Refusing API keys, medians of 5,000",
    measure: keyRows,
    rows: ["missing", "malformed", "unknown", "revoked"].map((kind) => `${kind} key`),
  },
  {
    id: "models",
    title: "The model gateway, beside its upstream directly",
    measure: modelRows,
    rows: [
      ...[50, 0].flatMap((ms) =>
        ["direct", "through the gateway"].map((way) =>
          `first chunk of a model that takes ${ms} ms, ${way}`
        )
      ),
      ...["150-byte frames at 500/s", "150-byte frames, unpaced", "64-KiB frames, unpaced"]
        .flatMap((frames) =>
          ["direct", "through a bare relay", "through the gateway"].map((way) =>
            `${frames}, ${way}`
          )
        ),
      "RSS of the gateway, a stream of 1 GiB",
      "RSS of the gateway, 200 streams side by side",
    ],
  },
  {
    id: "gateway",
    title: "The service between clients and a model server in C",
    measure: gatewayRows,
    rows: GATEWAY_ROWS,
  },
  {
    id: "library",
    title: "A library of 50,000 files",
    measure: libraryRows,
    rows: LIBRARY_ROWS,
  },
  {
    id: "page",
    title: "The page at /app/, in a browser with its CPU slowed down 4 ×",
    measure: pageRows,
    rows: PAGE_ROWS,
  },
];

/** The names of all sections. */
export const SECTION_IDS: readonly string[] = [...SERVER_SECTIONS, ...PART_SECTIONS]
  .map(({ id }) => id);
