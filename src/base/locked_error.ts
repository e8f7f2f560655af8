// The data folder is in use. An error of its own, because commands tell the owner what to do about it.

/** Another process works on the folder; the message tells the owner which. */
export class LockedError extends Error {
  /** An error about `folder`, held by the process `pid` where that is known. */
  constructor(folder: string, pid: string) {
    const holder = /^[0-9]+$/.test(pid) ? ` (process ${pid})` : "";
    super(`Cannot use ${folder}: another latchkey${holder} is running on it`);
    this.name = "LockedError";
  }
}
