// Every text of the page, in each language that it speaks; what the device has names for stands in
// device_words.ts. The browser's language chooses.

import {
  LOG_DE,
  LOG_EN,
  type LogWords,
  REFUSALS_DE,
  REFUSALS_EN,
  type RefusalWords,
  SETTINGS_DE,
  SETTINGS_EN,
  type SettingWords,
} from "./device_words.ts";

const EN = {
  skip: "Skip to the content",
  nav: "Sections",
  play: "Play",
  people: "People",
  device: "Device",
  thisDevice: "this device",
  loading: "Loading…",
  noScript: "No JavaScript? Type the PIN that the device shows into the app you want to pair.",
  retry: "Try again",
  cancel: "Cancel",
  save: "Save",
  saved: "Saved",
  more: "Show more",
  failed: (why: string) => `That did not work${why === "" ? "" : `: ${why}`}`,
  connected: "Connected",
  connecting: "Connecting…",
  away: "Device away",
  offline: "This phone is offline",
  awayTitle: (device: string) => `${device} does not answer`,
  awayText: "It may be asleep, restarting or in another network. This page tries again by itself.",
  awayAddress:
    "If the device has a new address, this page cannot find it: open pairing there and scan the new code.",
  refusedTitle: "The device does not let this phone in",
  refusedText: "It may have forgotten the pairing, or be busy. Pair again if this does not end.",
  strangerTitle: "This is not the device you paired with",
  strangerText: "Something else answers here. Scan the code of your device to pair with it.",
  replacedTitle: "This page has made room for others",
  replacedText: "So many pages of this phone are open that the device has closed this one.",
  versionText:
    "The device speaks another version of the encryption. Update it, or reload this page.",
  removedTitle: "This phone was removed",
  removedText: (device: string) =>
    `${device} no longer knows this phone. Open pairing on the device and scan the code, or type its PIN.`,
  pairAgain: "Pair again",
  elsewhereTitle: "Open the page at the device's own address",
  elsewhereText: (name: string) =>
    `The device does not take connections from pages at “${name}”. At its own address everything works.`,
  elsewhereGo: (address: string) => `Go to ${address}`,
  nowhereText: "Scan the code on its screen, which has the right address.",
  pairTitle: "Pair this phone",
  pairWith: (device: string) => `with ${device}`,
  pairButton: "Pair this phone",
  pairing: "Pairing…",
  paired: "Paired",
  pinLabel: "PIN on the device's screen",
  pinHelp: "Open pairing on the device. It shows a PIN and a code to scan.",
  pinReady: "The code you scanned has the PIN in it. There is nothing to type.",
  pinShort: (digits: number) => `The PIN has ${digits} digits.`,
  phone: "Phone",
  androidPhone: "Android phone",
  androidTablet: "Android tablet",
  windowsPc: "Windows PC",
  linuxPc: "Linux PC",
  phoneName: "Name of this phone",
  phoneNameHelp: "The device lists it under this name.",
  phoneNameLong: "This name is too long.",
  newAddress:
    "Paired before? Then the device has a new address, and for browsers that is another page: pair once more.",
  localName: (name: string) => `Open it as ${name} to stay paired when the address changes`,
  caveat:
    "This page comes over plain http: whoever can change it on its way can do what this phone may.",
  wrongPin: (left: number | undefined) =>
    left === undefined
      ? "Wrong PIN."
      : left > 0
      ? `Wrong PIN. ${left === 1 ? "One try is" : `${left} tries are`} left.`
      : "Wrong PIN. No try is left for this phone: open pairing on the device anew.",
  pinExpired: "The PIN has expired. Open pairing on the device anew.",
  pairingClosed:
    "Pairing is closed. Open it on the device, then scan the new code or type the PIN.",
  closedUntil: (time: string) =>
    `Pairing is closed until ${time}, because of too many wrong PINs. Whoever is at the device can open it earlier.`,
  tooMany:
    "Too many wrong PINs. Pairing is closed for this phone until it is opened on the device anew.",
  noPlace: "The device has no place for another phone. Remove one there first.",
  busy: "The device has too many pairing requests. Try again in a moment.",
  pairAway: "The device does not answer. Is this phone in the same network?",
  notDevice: "Whoever answers does not know the PIN: it is not your device.",
  originRefused: "The device does not take connections from pages at this address.",
  pairFailed: "The device refused to pair. Open pairing anew and try again.",
  noStore:
    "This browser keeps nothing for this page, so the pairing is lost when the page closes. A private window does that.",
  nowPlaying: "Now playing",
  nothingPlays: "Nothing is playing",
  nothingPlaysText: "What you start here appears on the device.",
  since: (time: string) => `since ${time}`,
  stop: "Stop",
  stopNamed: (name: string) => `Stop ${name}`,
  library: "Library",
  search: "Search games",
  systems: "Systems",
  all: "All",
  favorites: "Favourites",
  favoriteNamed: (name: string) => `Favourite: ${name}`,
  noFavoritesText: "Tap the star on a game to find it here.",
  found: (count: string) => `${count} found`,
  foundMore: (count: string) => `More than ${count} found`,
  noneFound: "Nothing found",
  noneFoundText: "Try fewer letters or another system.",
  indexing: (step: string) => `Looking through the card${step === "" ? "" : `: ${step}`}`,
  emptyLibraryText: "Put games on the card, then let the device look through it again.",
  start: "Start",
  starting: (name: string) => `Starting ${name}…`,
  started: (name: string) => `${name} is playing`,
  stopped: (name: string) => `${name} has ended`,
  actions: "Actions",
  noActions: "This device has no library and no actions yet",
  noActionsText: "Whoever manages it says in config.toml what can be started.",
  running: "running",
  runLabel: "Text to run",
  runHelp: "As on a tag, or what an action is made for.",
  run: "Run",
  ran: (text: string) => `Started: ${text}`,
  recent: "Run lately",
  runAgain: (text: string) => `Run ${text} again`,
  admin: "Admin",
  member: "Member",
  you: "This phone",
  lastSeen: (when: string) => `last seen ${when}`,
  pairedAt: (when: string) => `paired ${when}`,
  rename: "Rename",
  renameNamed: (name: string) => `Rename ${name}`,
  newName: "New name",
  remove: "Remove",
  removeAsk: (name: string) => `Remove ${name}?`,
  removeAskText: "It is cut off at once and has to be paired again to come back.",
  roleOf: (name: string) => `Role of ${name}`,
  nobody: "Nobody is paired yet",
  pairPhone: "Pair a phone",
  openPairing: "Open pairing",
  closePairing: "Close pairing",
  openAs: "Pair the next phone as",
  firstIsAdmin: "The first phone becomes admin.",
  nextBecomes: (role: string) => `The next phone becomes: ${role}`,
  pinIs: (pin: string) => `PIN ${pin}`,
  pinUntil: (time: string) => `valid until ${time}`,
  peopleElsewhere:
    "Who is paired, removing phones and opening pairing are for the device itself: open this page in a browser there, or use latchkey clients and latchkey pair.",
  memberText: "A member can play, stop and search. An admin may change settings too.",
  forget: "Unpair this phone",
  forgetAsk: "Unpair this phone?",
  forgetText:
    "This page forgets its key. The device keeps the phone in its list until somebody removes it there.",
  settings: "Settings",
  settingsReadOnly: "An admin can change these.",
  restart: "Takes effect at the next start of the service.",
  localOnly: "Only the device itself may change this.",
  onePerLine: "One per line.",
  numberNeeded: "A number belongs here.",
  usage: "Usage of the models",
  usageDays: "Last 7 days",
  usageNone: "No key has used a model.",
  usageOff: "The model gateway is off.",
  usageKey: "Key",
  usageRequests: "Requests",
  usageTokens: "Tokens",
  audit: "Security log",
  auditNone: "Nothing has happened yet.",
  recordsElsewhere:
    "Usage and the security log are for the device itself: open this page in a browser there, or use latchkey usage and latchkey audit.",
  about: "About",
  version: "Version",
  system: "System",
  address: "Address",
  getApp: "Get the Zaparoo app",
  getAppText: "It does more: tags, playlists, several devices.",
  bookmark:
    "Keep this page: add it to the home screen or the bookmarks in your browser's menu. A new address of the device needs a new scan.",
  encrypted: "Everything between this phone and the device is encrypted.",
  isLocal: "You are at the device itself and may do everything.",
};

/** The texts in one language. */
export type PageWords = typeof EN;

const DE: PageWords = {
  skip: "Zum Inhalt",
  nav: "Bereiche",
  play: "Spielen",
  people: "Personen",
  device: "Gerät",
  thisDevice: "dieses Gerät",
  loading: "Lädt …",
  noScript: "Ohne JavaScript: tippen Sie die PIN vom Gerät in die App, die Sie koppeln.",
  retry: "Noch einmal",
  cancel: "Abbrechen",
  save: "Speichern",
  saved: "Gespeichert",
  more: "Mehr zeigen",
  failed: (why) => `Das ging nicht${why === "" ? "" : `: ${why}`}`,
  connected: "Verbunden",
  connecting: "Verbindet …",
  away: "Gerät nicht da",
  offline: "Dieses Telefon ist offline",
  awayTitle: (device) => `${device} antwortet nicht`,
  awayText:
    "Es schläft, startet neu oder ist in einem anderen Netz. Diese Seite versucht es von selbst weiter.",
  awayAddress:
    "Hat das Gerät eine neue Adresse, findet diese Seite es nicht: dort das Koppeln öffnen und den neuen Code scannen.",
  refusedTitle: "Das Gerät lässt dieses Telefon nicht herein",
  refusedText:
    "Vielleicht kennt es die Kopplung nicht mehr, oder es ist beschäftigt. Koppeln Sie neu, wenn das so bleibt.",
  strangerTitle: "Das ist nicht das gekoppelte Gerät",
  strangerText: "Hier antwortet etwas anderes. Scannen Sie zum Koppeln den Code Ihres Geräts.",
  replacedTitle: "Diese Seite hat anderen Platz gemacht",
  replacedText:
    "Von diesem Telefon sind so viele Seiten offen, dass das Gerät diese geschlossen hat.",
  versionText:
    "Das Gerät spricht eine andere Version der Verschlüsselung. Aktualisieren Sie es, oder laden Sie die Seite neu.",
  removedTitle: "Dieses Telefon wurde entfernt",
  removedText: (device) =>
    `${device} kennt dieses Telefon nicht mehr. Öffnen Sie am Gerät das Koppeln und scannen Sie den Code, oder tippen Sie die PIN.`,
  pairAgain: "Neu koppeln",
  elsewhereTitle: "Öffnen Sie die Seite unter der Adresse des Geräts",
  elsewhereText: (name) =>
    `Das Gerät nimmt keine Verbindungen von Seiten unter „${name}“ an. Unter seiner eigenen Adresse geht alles.`,
  elsewhereGo: (address) => `Zu ${address}`,
  nowhereText: "Scannen Sie den Code auf seinem Bildschirm: er hat die richtige Adresse.",
  pairTitle: "Dieses Telefon koppeln",
  pairWith: (device) => `mit ${device}`,
  pairButton: "Dieses Telefon koppeln",
  pairing: "Koppelt …",
  paired: "Gekoppelt",
  pinLabel: "PIN auf dem Bildschirm des Geräts",
  pinHelp: "Öffnen Sie am Gerät das Koppeln. Es zeigt eine PIN und einen Code zum Scannen.",
  pinReady: "Die PIN steckt im gescannten Code. Es ist nichts zu tippen.",
  pinShort: (digits) => `Die PIN hat ${digits} Ziffern.`,
  phone: "Telefon",
  androidPhone: "Android-Telefon",
  androidTablet: "Android-Tablet",
  windowsPc: "Windows-PC",
  linuxPc: "Linux-PC",
  phoneName: "Name dieses Telefons",
  phoneNameHelp: "Unter diesem Namen steht es in der Liste des Geräts.",
  phoneNameLong: "Dieser Name ist zu lang.",
  newAddress:
    "Schon gekoppelt? Dann hat das Gerät eine neue Adresse, und für Browser ist das eine andere Seite: koppeln Sie noch einmal.",
  localName: (name) => `Als ${name} öffnen: so bleibt es gekoppelt, wenn sich die Adresse ändert`,
  caveat:
    "Diese Seite kommt über einfaches http: wer sie unterwegs ändern kann, kann, was dieses Telefon darf.",
  wrongPin: (left) =>
    left === undefined
      ? "Falsche PIN."
      : left > 0
      ? `Falsche PIN. Noch ${left === 1 ? "ein Versuch" : `${left} Versuche`}.`
      : "Falsche PIN. Für dieses Telefon ist kein Versuch übrig: öffnen Sie am Gerät das Koppeln neu.",
  pinExpired: "Die PIN ist abgelaufen. Öffnen Sie am Gerät das Koppeln neu.",
  pairingClosed:
    "Das Koppeln ist geschlossen. Öffnen Sie es am Gerät und scannen Sie den neuen Code, oder tippen Sie die PIN.",
  closedUntil: (time) =>
    `Das Koppeln ist bis ${time} geschlossen, weil zu oft eine falsche PIN kam. Wer am Gerät ist, kann es früher öffnen.`,
  tooMany:
    "Zu viele falsche PINs. Das Koppeln ist für dieses Telefon geschlossen, bis es am Gerät neu geöffnet wird.",
  noPlace: "Das Gerät hat keinen Platz für ein weiteres Telefon. Entfernen Sie dort zuerst eines.",
  busy: "Zu viele wollen gerade koppeln. Versuchen Sie es gleich noch einmal.",
  pairAway: "Das Gerät antwortet nicht. Ist dieses Telefon im selben Netz?",
  notDevice: "Wer da antwortet, kennt die PIN nicht: es ist nicht Ihr Gerät.",
  originRefused: "Das Gerät nimmt keine Verbindungen von Seiten unter dieser Adresse an.",
  pairFailed:
    "Das Gerät hat nicht gekoppelt. Öffnen Sie das Koppeln neu und versuchen Sie es noch einmal.",
  noStore:
    "Dieser Browser behält nichts für diese Seite; mit ihr geht die Kopplung verloren. So ist es in privaten Fenstern.",
  nowPlaying: "Läuft gerade",
  nothingPlays: "Gerade läuft nichts",
  nothingPlaysText: "Was Sie hier starten, erscheint auf dem Gerät.",
  since: (time) => `seit ${time}`,
  stop: "Beenden",
  stopNamed: (name) => `${name} beenden`,
  library: "Bibliothek",
  search: "Spiele suchen",
  systems: "Systeme",
  all: "Alle",
  favorites: "Favoriten",
  favoriteNamed: (name) => `Favorit: ${name}`,
  noFavoritesText: "Der Stern auf einem Spiel bringt es hierher.",
  found: (count) => `${count} gefunden`,
  foundMore: (count) => `Mehr als ${count} gefunden`,
  noneFound: "Nichts gefunden",
  noneFoundText: "Versuchen Sie weniger Buchstaben oder ein anderes System.",
  indexing: (step) => `Die Karte wird durchgesehen${step === "" ? "" : `: ${step}`}`,
  emptyLibraryText: "Legen Sie Spiele auf die Karte und lassen Sie das Gerät neu suchen.",
  start: "Starten",
  starting: (name) => `${name} startet …`,
  started: (name) => `${name} läuft`,
  stopped: (name) => `${name} ist beendet`,
  actions: "Aktionen",
  noActions: "Dieses Gerät hat noch keine Bibliothek und keine Aktionen",
  noActionsText: "Wer es verwaltet, legt in config.toml fest, was sich starten lässt.",
  running: "läuft",
  runLabel: "Text ausführen",
  runHelp: "Wie auf einem Tag, oder wofür eine Aktion da ist.",
  run: "Ausführen",
  ran: (text) => `Gestartet: ${text}`,
  recent: "Zuletzt ausgeführt",
  runAgain: (text) => `${text} noch einmal ausführen`,
  admin: "Verwalter",
  member: "Mitglied",
  you: "Dieses Telefon",
  lastSeen: (when) => `zuletzt da ${when}`,
  pairedAt: (when) => `gekoppelt ${when}`,
  rename: "Umbenennen",
  renameNamed: (name) => `${name} umbenennen`,
  newName: "Neuer Name",
  remove: "Entfernen",
  removeAsk: (name) => `${name} entfernen?`,
  removeAskText: "Die Verbindung endet sofort; zurück geht es nur mit neuem Koppeln.",
  roleOf: (name) => `Rolle von ${name}`,
  nobody: "Noch ist niemand gekoppelt",
  pairPhone: "Ein Telefon koppeln",
  openPairing: "Koppeln öffnen",
  closePairing: "Koppeln schließen",
  openAs: "Das nächste Telefon koppeln als",
  firstIsAdmin: "Das erste Telefon wird Verwalter.",
  nextBecomes: (role) => `Das nächste Telefon wird: ${role}`,
  pinIs: (pin) => `PIN ${pin}`,
  pinUntil: (time) => `gültig bis ${time}`,
  peopleElsewhere:
    "Wer gekoppelt ist, Telefone entfernen und das Koppeln öffnen geht nur am Gerät selbst: öffnen Sie diese Seite dort im Browser, oder nehmen Sie latchkey clients und latchkey pair.",
  memberText:
    "Ein Mitglied kann spielen, beenden und suchen, ein Verwalter auch Einstellungen ändern.",
  forget: "Dieses Telefon entkoppeln",
  forgetAsk: "Dieses Telefon entkoppeln?",
  forgetText:
    "Diese Seite vergisst ihren Schlüssel. In der Liste des Geräts bleibt das Telefon, bis es dort jemand entfernt.",
  settings: "Einstellungen",
  settingsReadOnly: "Ein Verwalter kann sie ändern.",
  restart: "Gilt ab dem nächsten Start des Dienstes.",
  localOnly: "Das lässt sich nur am Gerät selbst ändern.",
  onePerLine: "Eine Angabe je Zeile.",
  numberNeeded: "Hier gehört eine Zahl hin.",
  usage: "Nutzung der Modelle",
  usageDays: "Letzte 7 Tage",
  usageNone: "Noch hat kein Schlüssel ein Modell benutzt.",
  usageOff: "Das Modell-Gateway ist aus.",
  usageKey: "Schlüssel",
  usageRequests: "Anfragen",
  usageTokens: "Tokens",
  audit: "Sicherheitsprotokoll",
  auditNone: "Noch ist nichts geschehen.",
  recordsElsewhere:
    "Nutzung und Sicherheitsprotokoll gibt es nur am Gerät selbst: öffnen Sie diese Seite dort im Browser, oder nehmen Sie latchkey usage und latchkey audit.",
  about: "Über",
  version: "Version",
  system: "System",
  address: "Adresse",
  getApp: "Die Zaparoo-App holen",
  getAppText: "Sie kann mehr: Tags, Wiedergabelisten, mehrere Geräte.",
  bookmark:
    "Behalten Sie diese Seite: über das Menü des Browsers auf den Startbildschirm oder in die Lesezeichen. Hat das Gerät eine neue Adresse, scannen Sie neu.",
  encrypted: "Alles zwischen diesem Telefon und dem Gerät ist verschlüsselt.",
  isLocal: "Sie sind am Gerät selbst und dürfen alles.",
};

/** The texts of one language, and how it writes times. */
export interface ChosenWords {
  readonly language: "de" | "en";
  /** Such as "en-GB". */
  readonly locale: string;
  readonly words: PageWords;
  readonly settingWords: SettingWords;
  readonly logWords: LogWords;
  readonly refusalWords: RefusalWords;
}

const DEVICE_EN = { settingWords: SETTINGS_EN, logWords: LOG_EN, refusalWords: REFUSALS_EN };
const DEVICE_DE = { settingWords: SETTINGS_DE, logWords: LOG_DE, refusalWords: REFUSALS_DE };

/** What the page says, in the first language of the list that it speaks; times are that country's. */
export function chooseWords(languages: readonly string[]): ChosenWords {
  const locale = languages.find((tag) => /^(de|en)\b/i.test(tag)) ?? "en";
  return /^de/i.test(locale)
    ? { language: "de", locale, words: DE, ...DEVICE_DE }
    : { language: "en", locale, words: EN, ...DEVICE_EN };
}
