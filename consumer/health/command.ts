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

function lineOf(health: QueueHealth): string {
  const { queue, healthy, reason, consumers, waiting, blocked, scheduled, failed, deadLetters } = health;
  const state = healthy ? "healthy" : `not healthy, ${reason}`;
  if (waiting === undefined) return `Queue "${queue}": ${state}`;
  const serving = `${consumers} consumer${consumers === 1 ? "" : "s"}`;
  const dead = `${deadLetters} dead letter${deadLetters === 1 ? "" : "s"}`;
  const counts = [
    serving,
    `${waiting} waiting`,
    ...some(blocked, "blocked"),
    `${scheduled} scheduled`,
    ...some(failed, "failed"),
    dead,
  ];
  return `Queue "${queue}": ${state}${pauseOf(health)}; ${counts.join(", ")}`;
}

/** What most queues have none of is told where there is some. */
function some(count: number | undefined, what: string): string[] {
  return count === undefined || count === 0 ? [] : [`${count} ${what}`];
}

function pauseOf({ paused, pausedUntil }: QueueHealth): string {
  if (paused !== true) return "";
  return pausedUntil === undefined ? ", paused" : `, paused until ${pausedUntil}`;
}
