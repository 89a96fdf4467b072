/** Names, levels and fields stand in `conformance/events.json`, which a test compares with this. */
export const EVENTS = {
  'generation-taken': 'info',
  'reload-refused': 'error',
  'chain-unrelated': 'warn',
  'leaf-outside-validity': 'error',
  'certificate-expires-soon': 'warn',
  'watch-lost': 'warn',
  'folder-not-projected': 'warn',
  'handshake-refused': 'warn',
  'peer-denied': 'warn',
  'peer-audited': 'warn',
  'drain-started': 'info',
  'drain-ended': 'info',
  'plain-listener': 'warn',
  'mtls-disabled': 'warn',
  'authorizer-any': 'warn',
} as const;

export type EventName = keyof typeof EVENTS;
export type Level = (typeof EVENTS)[EventName];
export type Fields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Takes one event. Fields hold names, fingerprints and paths; never PEM, DER or a key. */
export type Logger = (level: Level, event: EventName, fields: Fields) => void;

/** One line of JSON an event, to standard error. */
export const jsonLogger: Logger = (level, event, fields) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
};

export const silentLogger: Logger = () => {};

/** Gives each event its level, cuts long texts, and keeps a logger that throws from ending the process. */
export function safeLogger(logger: Logger, maxLength: number): (event: EventName, fields?: Fields) => void {
  return (event, fields = {}) => {
    try {
      const safe = Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? clean(value, maxLength) : value]);
      logger(EVENTS[event], event, Object.fromEntries(safe));
    } catch {
      // a log that can't be written is no reason to refuse a connection
    }
  };
}

/** Control characters and what is not ASCII are escaped, so that a peer can't write lines of its own. */
const clean = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).replace(/[^\x20-\x7e]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
