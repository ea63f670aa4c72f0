/**
 * What an error that the server replied means.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";

/** Wherever it stands: versions before 7 put a line of the script in front of what a command in it has said. */
const CODE =
  /(?:^|[\s-])(NOSCRIPT|LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|MISCONF|OOM|MOVED|ASK|READONLY|WRONGTYPE|NOPERM|NOAUTH)\b/;
/** What a server says without a code if a command within a script is not allowed: the rights of a user may be given back. */
const NO_RIGHT = /\bThe user executing the script can't (?:run|access)\b/;
/** Somebody has ended the script, which the server allows only before it has written anything. */
const KILLED = /\bScript killed by user\b/;
/** Where a code may stand: what follows may be a key, which is anybody's text. */
const HEAD = 400;

/** The server has not run the command, and will some time later. */
const LATER = new Set(["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS"]);
/** The server has not run the command, and is not the one to ask. */
const ELSEWHERE = new Set(["MOVED", "ASK", "READONLY"]);
/** Not cured by waiting a few seconds, and not the command's fault. */
const STANDING = new Set(["MISCONF", "OOM", "NOPERM", "NOAUTH"]);

/** What to do about a failure. */
export type Advice = "later" | "elsewhere" | "script" | "refused" | "lost";

/** What to do about a failure: `lost` if the server has not replied, so that the command may have run. */
export function adviceFor(error: unknown): Advice {
  if (!isReply(error)) return "lost";
  const code = codeOf(error);
  if (code === "NOSCRIPT") return "script";
  if (LATER.has(code)) return "later";
  return ELSEWHERE.has(code) ? "elsewhere" : "refused";
}

/** Whether the server answered with an error, or the command could not even be built. */
export function isReply(error: unknown): error is Error {
  return error instanceof TypeError || (error instanceof Error && /^-?[A-Z]+ /.test(error.message));
}

/** Tells the user, and whether it is for good. */
export function explained(error: Error): StorageError {
  const code = codeOf(error);
  if (code === "WRONGTYPE") {
    const text = "The queue in Redis was made by the other kind of storage (list or priority); empty it before changing over";
    return new StorageError(text, { cause: error, permanent: true });
  }
  return new StorageError(`Redis refused the command: ${error.message}`, { cause: error, permanent: !STANDING.has(code) });
}

function codeOf(error: Error): string {
  const head = error.message.slice(0, HEAD);
  if (NO_RIGHT.test(head)) return "NOPERM";
  if (KILLED.test(head)) return "BUSY";
  return CODE.exec(head)?.[1] ?? "";
}
