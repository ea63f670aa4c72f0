/**
 * The subcommand `health`: looks at queues from outside.
 * @module
 */
import process from "node:process";
import { oneLine } from "../../lib/primitives/log_text.ts";
import { coreOf } from "../../lib/core/core.ts";
import type { Loaded } from "../application/load.ts";
import { checkQueue } from "./queue_health.ts";
import type { QueueHealth } from "./queue_health.ts";

/** How long the storage may take, the connection included: a server that cannot be reached gives its reason after 5 s. */
const LIMIT_MS = 8000;

/**
 * Prints how the queues are.
 *
 * @param loaded Their Hueys.
 * @param json Print one JSON object instead of lines.
 * @returns the exit code: 0 if a live consumer serves each, else 1
 */
export async function reportHealth(loaded: readonly Loaded[], json: boolean): Promise<number> {
  const queues = await Promise.all(loaded.map(({ huey }) => checkQueue(coreOf(huey)!, LIMIT_MS)));
  const healthy = queues.every((queue) => queue.healthy);
  process.stdout.write(
    json ? `${JSON.stringify({ healthy, queues })}\n` : queues.map((queue) => `${oneLine(lineOf(queue))}\n`).join(""),
  );
  return healthy ? 0 : 1;
}

function lineOf({ queue, healthy, reason, consumers, waiting, scheduled, deadLetters }: QueueHealth): string {
  const state = healthy ? "healthy" : `not healthy, ${reason}`;
  if (waiting === undefined) return `Queue "${queue}": ${state}`;
  const serving = `${consumers} consumer${consumers === 1 ? "" : "s"}`;
  const dead = `${deadLetters} dead letter${deadLetters === 1 ? "" : "s"}`;
  return `Queue "${queue}": ${state}; ${serving}, ${waiting} waiting, ${scheduled} scheduled, ${dead}`;
}
