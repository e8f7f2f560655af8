// What the doctor asks of a device, one question per check. The edge that looks answers
// (src/edges/doctor/device_probes.ts); a test answers with an object.

import type {
  ActionFacts,
  ClockFacts,
  ConfigFacts,
  DatabaseFacts,
  DisplayFacts,
  EncryptionFacts,
  FolderFacts,
  GuardFacts,
  KeyFacts,
  LibraryFacts,
  ListenerFacts,
  MdnsFacts,
  ModelFacts,
  PairingTimeFacts,
  PermissionFacts,
  PortFacts,
  RunPatternFacts,
  ServiceFacts,
} from "./doctor_facts.ts";

/** What is asked, by the code of the check that asks it. */
export interface DoctorFacts {
  /** The configuration. */
  readonly config: ConfigFacts;
  readonly actions: ActionFacts;
  readonly library: LibraryFacts;
  /** The data folder. */
  readonly data_folder: FolderFacts;
  /** The database. */
  readonly database: DatabaseFacts;
  /** The service. */
  readonly service: ServiceFacts;
  readonly port: PortFacts;
  /** The listeners. */
  readonly listeners: ListenerFacts;
  /** The guard. */
  readonly guard: GuardFacts;
  /** The clock. */
  readonly clock: ClockFacts;
  /** The announcement. */
  readonly mdns: MdnsFacts;
  /** The displays. */
  readonly display: DisplayFacts;
  /** A trial pairing. */
  readonly pairing_time: PairingTimeFacts;
  /** Encryption. */
  readonly encryption: EncryptionFacts;
  /** The rules of allowed_ips. */
  readonly allowed_ips: readonly string[];
  /** The rules of trusted_proxies. */
  readonly trusted_proxies: readonly string[];
  /** The patterns of allow_run. */
  readonly allow_run: readonly RunPatternFacts[];
  /** The origins of allowed_origins. */
  readonly allowed_origins: readonly string[];
  readonly keys: KeyFacts;
  readonly permissions: PermissionFacts;
  /** The model gateway. */
  readonly models: ModelFacts;
}

/** Answers every question; SkipCheck where one makes no sense now. Stops with the signal. */
export type DoctorProbes = {
  readonly [Code in keyof DoctorFacts]: (
    signal: AbortSignal,
  ) => DoctorFacts[Code] | Promise<DoctorFacts[Code]>;
};
