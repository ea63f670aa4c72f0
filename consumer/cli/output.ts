/**
 * What tasks have printed, at the end of the process.
 * @module
 */
import process from "node:process";
import { systemClock, within } from "../../lib/primitives/clock.ts";
import { isNode } from "../platform/node_worker.ts";

/** How long who reads it may take. */
const LIMIT_MS = 1000;

/** Waits until it is on its way: what a pipe does not take at once Node writes later, and forgets when the process exits. */
export async function printsWritten(): Promise<void> {
  if (!isNode() || process.stdout.writableLength === 0) return;
  // Nobody reads it any more: it is written as far as it can be.
  process.stdout.on("error", () => {});
  const written = new Promise<void>((resolve) => void process.stdout.write("", () => resolve()));
  await within(systemClock, { ms: LIMIT_MS }, written, () => {});
}
