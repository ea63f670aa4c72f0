/**
 * Writing at once, and all of it. It loads next to nothing, since workers that must be small load it too.
 * @module
 */
// Not the global one, which an application may replace.
import process from "node:process";

/** How long to wait for whoever reads what is written, when he does not keep up. */
const FULL_MS = 1;
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes a text to an open file, however slowly somebody reads it; so that nothing of it is lost at the exit of the process.
 *
 * @param file Its descriptor.
 * @returns what went wrong, such as that nobody reads it
 */
export function writeAll(file: number, text: string | Uint8Array): NodeJS.ErrnoException | undefined {
  const { writeSync } = process.getBuiltinModule("node:fs");
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let from = 0; from < bytes.length;) {
    try {
      from += writeSync(file, bytes, from);
    } catch (error) {
      // A pipe that is full for a moment.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return error as NodeJS.ErrnoException;
      Atomics.wait(pause, 0, 0, FULL_MS);
    }
  }
  return undefined;
}
