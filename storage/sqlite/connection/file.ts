/**
 * The database file itself: its modes and its one true path.
 * @module
 */
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a file that is missing, so that it has its mode from its first moment on. What exists keeps its mode.
 *
 * Whoever closes a file gives up all locks that its process holds on it, those of SQLite in other threads too. So the file is
 * made under another name, closed, and then put in its place.
 */
export function makeFile(filename: string, mode: number): void {
  const place = targetOf(filename);
  if (existsSync(place)) return;
  const draft = `${place}-new-${crypto.randomUUID()}`;
  try {
    closeSync(openSync(draft, "wx", mode));
  } catch {
    // SQLite itself tells best why there can be no file.
    return;
  }
  try {
    linkSync(draft, place);
  } catch {
    // Somebody else was faster, or the file system knows no links; then SQLite makes the file.
  } finally {
    unlinkSync(draft);
  }
}

/** The path by which all who use a file know it, whatever links and capitals they used. @param filename Of a file that exists */
export function truePath(filename: string): string {
  try {
    return realpathSync.native(filename);
  } catch {
    // Permissions may allow the file, but not to ask where it is.
    return filename;
  }
}

/** A file as it was when the connection was opened. */
export interface KnownFile {
  readonly path: string;
  readonly identity: string | undefined;
}

/** The database and its write-ahead log, of which a connection in that mode keeps both files while it is open. @param path The true one */
export function filesOf(path: string): KnownFile[] {
  return ["", "-wal", "-shm"].map((end) => ({ path: path + end, identity: identityOf(path + end) }));
}

/** Whether the file is another one, or gone. */
export function isGone({ path, identity }: KnownFile): boolean {
  const found = identityOf(path);
  return identity !== UNKNOWN && found !== UNKNOWN && found !== identity;
}

/** Of a file of which it cannot be asked. */
const UNKNOWN = "";

/** What tells a file from another one that is put in its place; `undefined` where there is none. */
function identityOf(path: string): string | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat && `${stat.dev}:${stat.ino}`;
  } catch {
    return UNKNOWN;
  }
}

/** A circle of links has no end. */
const MOST_LINKS = 40;

/** Where a link leads to whose target is missing, over further ones. */
function targetOf(filename: string, links = 0): string {
  try {
    if (links === MOST_LINKS || !lstatSync(filename).isSymbolicLink()) return filename;
    return targetOf(resolve(realpathSync(dirname(filename)), readlinkSync(filename)), links + 1);
  } catch {
    return filename;
  }
}
