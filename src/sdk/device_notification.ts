// Notifications with the types of the device's reference (docs/api/notifications.md). Nothing checks at
// run time that a device keeps to them.

import type { NotificationParams } from "./notification_types.ts";

/**
 * Something that the device told without being asked; comparing `method` tells the type of `params`.
 * A newer device may tell what is not listed here.
 */
export type DeviceNotification = {
  [Name in keyof NotificationParams]: {
    /** What it is about. */
    readonly method: Name;
    /** What it says. */
    readonly params: NotificationParams[Name];
  };
}[keyof NotificationParams];
