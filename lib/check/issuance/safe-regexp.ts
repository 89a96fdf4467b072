/** 200 characters and two repetitions: enough for names, too little to be slow on a text of 253 characters. */
const MOST_CHARACTERS = 200;
const MOST_REPETITIONS = 2;

/** Characters, classes and escaped characters, each perhaps repeated; anchors at the ends. No groups, so nothing nests. */
const ATOM = String.raw`(?:[A-Za-z0-9_:/ @-]|\\[.\-/]|\.|\[\^?(?:[A-Za-z0-9_.:/@]|-)+\])`;
const PATTERN = new RegExp(String.raw`^\^?(?:${ATOM}[+*?]?)*\$?$`);

/** An expression that means the same to RE2, which Kubernetes uses, and here, and that no text makes slow; else undefined. */
export function safeRegExp(pattern: string): RegExp | undefined {
  if (pattern.length > MOST_CHARACTERS || !PATTERN.test(pattern)) return undefined;
  if ((pattern.match(/[+*]/g) ?? []).length > MOST_REPETITIONS) return undefined;
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}
