// What the page calls what the device has names for: settings, and what its security log tells.

/** A setting that the page has words for: what it is called, and what it does. */
export type SettingWords = Readonly<Record<string, readonly [name: string, help: string]>>;

/** What the security log tells, by the names that the device has for it. */
export interface LogWords {
  readonly events: Readonly<Record<string, string>>;
  /** How a pairing ended. */
  readonly outcomes: Readonly<Record<string, string>>;
  /** Who changed a setting, where that is no client. */
  readonly by: Readonly<Record<string, string>>;
  /** The names of facts that do not speak for themselves. */
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Refusals of the device that people meet, by method and code: what the page says instead of the
 * device's own text, which is made of it.
 */
export type RefusalWords = Readonly<Record<string, (own: string) => string>>;

/** Refusals in English, which the device speaks. */
export const REFUSALS_EN: RefusalWords = {};

/** Refusals in German. */
export const REFUSALS_DE: RefusalWords = {
  "run bad_request": () => "dieser Text lässt sich nicht ausführen",
  "run not_found": () => "dazu gibt es nichts",
  "run conflict": () => "das läuft schon, oder etwas anderes kam dazwischen",
  "run unavailable": () => "das Programm startet nicht, oder das vorige endet nicht",
  "stop not_found": () => "diese Aktion gibt es nicht mehr",
  "stop unavailable": () => "das Programm endet nicht",
  "media.search bad_request": () => "so lässt sich nicht suchen",
  "media.tags.update not_found": () => "das Spiel gibt es nicht mehr",
  "media.tags.update conflict": () => "es sind zu viele Favoriten",
  "media.tags.update rate_limited": () => "Favoriten ändern sich gerade zu oft",
  "clients.update not_found": () => "dieses Telefon ist nicht mehr gekoppelt",
  "clients.update bad_request": () => "der Name ist leer oder zu lang",
  "clients.update conflict": () => "das geht beim letzten Verwalter nur am Gerät selbst",
  "clients.delete not_found": () => "dieses Telefon ist nicht mehr gekoppelt",
  "clients.pair.start conflict": () => "es gilt schon eine PIN, oder alle Plätze sind belegt",
  "clients.pair.start rate_limited": () => "nach zu vielen falschen PINs ist das Koppeln zu",
  "settings.update bad_request": (own) => `diesen Wert nimmt das Gerät nicht an (${own})`,
  "settings.update forbidden": () => "das lässt sich nur am Gerät selbst ändern",
};

/** Settings in English. */
export const SETTINGS_EN: SettingWords = {
  encryption: ["Encryption for everybody", "Other hosts must pair and encrypt."],
  keepHistory: ["Keep a history", "The last texts that were run, with who ran them."],
  allowedIps: ["Allowed addresses", "From where programs may use the API over HTTP."],
  metricsAllow: ["Addresses for metrics", "From where a Prometheus may read /metrics."],
  hostNames: ["More names", "Further names under which the device answers."],
  allowedOrigins: ["Allowed web pages", "Origins that may talk to the device."],
  allowRun: ["Texts for links", "Patterns of texts that other hosts may run by a link."],
  "discovery.enabled": ["Visible in the network", "Apps find the device by themselves."],
  "discovery.instanceName": [
    "Name in the network",
    "Empty: as in config.toml, else the host's name.",
  ],
  "models.allow": ["Allowed models", "Models that keys may use."],
  "models.maxConcurrent": ["Requests at once", "How many the model server gets."],
  "models.queue": ["Waiting requests", "How many may wait for their turn."],
  "models.perKeyPerMinute": ["Requests a minute", "For each key; 0 is no limit."],
  "models.perKeyTokensPerDay": ["Tokens a day", "For each key; 0 is no limit."],
  "limits.connectionsPerAddress": ["Strangers per address", "Connections without a session."],
  "limits.unknownConnections": ["Strangers in all", "Connections without a session."],
  "limits.knownConnections": ["Known connections", "With a session or an accepted key."],
  "limits.connectionsPerKey": ["Connections of a key", "With answers and event streams."],
  "limits.waitingConnections": ["Waiting connections", "How many may wait for a place."],
  "limits.connectionWaitS": ["Wait for a place", "In seconds."],
  logLevel: ["Log level", "The quietest level that is written."],
};

/** Settings in German. */
export const SETTINGS_DE: SettingWords = {
  encryption: ["Verschlüsselung für alle", "Andere müssen koppeln und verschlüsseln."],
  keepHistory: ["Verlauf behalten", "Was zuletzt ausgeführt wurde, und von wem."],
  allowedIps: ["Erlaubte Adressen", "Von wo Programme die Schnittstelle über HTTP nutzen dürfen."],
  metricsAllow: ["Adressen für Metriken", "Von wo ein Prometheus /metrics lesen darf."],
  hostNames: ["Weitere Namen", "Unter denen das Gerät auch antwortet."],
  allowedOrigins: ["Erlaubte Webseiten", "Die mit dem Gerät sprechen dürfen."],
  allowRun: ["Texte für Links", "Muster von Texten, die andere per Link ausführen dürfen."],
  "discovery.enabled": ["Im Netz sichtbar", "Apps finden das Gerät von selbst."],
  "discovery.instanceName": [
    "Name im Netz",
    "Leer: wie in config.toml, sonst der Name des Rechners.",
  ],
  "models.allow": ["Erlaubte Modelle", "Die Schlüssel benutzen dürfen."],
  "models.maxConcurrent": ["Anfragen zugleich", "So viele bekommt der Modell-Server."],
  "models.queue": ["Wartende Anfragen", "So viele dürfen anstehen."],
  "models.perKeyPerMinute": ["Anfragen je Minute", "Für jeden Schlüssel; 0 heißt ohne Grenze."],
  "models.perKeyTokensPerDay": ["Tokens je Tag", "Für jeden Schlüssel; 0 heißt ohne Grenze."],
  "limits.connectionsPerAddress": ["Fremde je Adresse", "Verbindungen ohne Sitzung."],
  "limits.unknownConnections": ["Fremde insgesamt", "Verbindungen ohne Sitzung."],
  "limits.knownConnections": ["Bekannte Verbindungen", "Mit Sitzung oder gültigem Schlüssel."],
  "limits.connectionsPerKey": ["Verbindungen je Schlüssel", "Mit Antworten und Ereignissen."],
  "limits.waitingConnections": ["Wartende Verbindungen", "So viele dürfen auf einen Platz warten."],
  "limits.connectionWaitS": ["Wartezeit auf einen Platz", "In Sekunden."],
  logLevel: ["Protokoll", "Die leiseste Stufe, die geschrieben wird."],
};

/** The security log in English. */
export const LOG_EN: LogWords = {
  events: {
    pairing_opened: "Pairing opened",
    pairing_failed: "Wrong PIN",
    pairing_refused: "Pairing refused",
    pairing_ended: "Pairing ended",
    paired: "Paired",
    session_opened: "Session opened",
    session_refused: "Connection refused",
    session_throttled: "Connections slowed down",
    client_changed: "Phone changed",
    client_removed: "Phone removed",
    key_added: "Key added",
    key_changed: "Key changed",
    key_revoked: "Key revoked",
    key_not_required: "Opened to all without a key",
    settings_changed: "Setting changed",
    actions_changed: "Actions changed",
    backup_created: "Backup made",
    backup_restored: "Backup restored",
  },
  outcomes: {
    expired: "the PIN expired",
    cancelled: "closed by hand",
    too_many_failures: "too many wrong PINs",
    stopped: "the service stopped",
  },
  by: { local: "at the device", signal: "in config.toml", restore: "from a backup" },
  facts: {
    limits: "limits",
    added: "new",
    removed: "gone",
    changed: "changed",
    clients: "phones",
    keys: "keys",
  },
};

/** The security log in German. */
export const LOG_DE: LogWords = {
  events: {
    pairing_opened: "Koppeln geöffnet",
    pairing_failed: "Falsche PIN",
    pairing_refused: "Koppeln abgelehnt",
    pairing_ended: "Koppeln beendet",
    paired: "Gekoppelt",
    session_opened: "Sitzung geöffnet",
    session_refused: "Verbindung abgelehnt",
    session_throttled: "Verbindungen gebremst",
    client_changed: "Telefon geändert",
    client_removed: "Telefon entfernt",
    key_added: "Schlüssel angelegt",
    key_changed: "Schlüssel geändert",
    key_revoked: "Schlüssel gesperrt",
    key_not_required: "Ohne Schlüssel für alle geöffnet",
    settings_changed: "Einstellung geändert",
    actions_changed: "Aktionen geändert",
    backup_created: "Sicherung angelegt",
    backup_restored: "Sicherung eingespielt",
  },
  outcomes: {
    expired: "die PIN ist abgelaufen",
    cancelled: "von Hand geschlossen",
    too_many_failures: "zu oft eine falsche PIN",
    stopped: "der Dienst wurde beendet",
  },
  by: { local: "am Gerät", signal: "in config.toml", restore: "aus einer Sicherung" },
  facts: {
    limits: "Grenzen",
    added: "neu",
    removed: "weg",
    changed: "geändert",
    clients: "Telefone",
    keys: "Schlüssel",
  },
};
