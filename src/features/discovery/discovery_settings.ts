// The table [discovery] of the configuration.

/** Settings of the announcement in the local network. */
export interface DiscoverySettings {
  /** Whether the device announces itself. */
  readonly enabled: boolean;
  /** The name under which people find it; the host name where undefined. */
  readonly instanceName: string | undefined;
  /** The service type, such as "_zaparoo._tcp". */
  readonly service: string;
}
