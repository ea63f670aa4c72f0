/**
 * Closing files in which nothing is left to be written.
 * @module
 */
import fs from "node:fs";

/** Closes a file. It is closed also when the system tells of an error, about which nobody could do anything. */
export function closeFile(file: number): void {
  try {
    fs.closeSync(file);
  } catch {
    // Its number may belong to another file by now, so that it must not be tried again.
  }
}
