// The address of a device elsewhere, as people write it: a host alone, with a port, or a whole URL.

import { deviceBaseUrl } from "../../sdk/device_address.ts";
import { UsageError } from "./command.ts";

/** The base URL of a device, without a path; UsageError where the text names none. */
export function parseDeviceUrl(text: string): string {
  try {
    const url = deviceBaseUrl(text);
    if (new URL(url).pathname === "/") return url;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new UsageError("Expected the address of a device, such as http://192.168.1.5:7497");
}
