/**
 * The keys under which the library keeps what is neither a result nor a value of the application: all in `storage.meta`, which they
 * share. Each kind has a word of its own in front, up to the first colon, so that an id or a name, whatever it is, never reaches
 * another kind.
 * @module
 */

/** What a task has told of its progress. */
export function progressKey(taskId: string): string {
  return `progress:${taskId}`;
}

/** The note that a slot of a periodic task was enqueued. */
export function slotKey(taskName: string, slotMs: number): string {
  return `slot:${slotMs}:${taskName}`;
}

/** The last slot of a periodic task that was enqueued. */
export function lastSlotKey(taskName: string): string {
  return `periodic:${taskName}`;
}

/** The state of a rate limit; each algorithm has its own. */
export function rateLimitKey(algorithm: "log" | "bucket", name: string): string {
  return `rate-${algorithm}:${name}`;
}

/** The note that a scheduled task was put on the queue before its time. */
export function earlyKey(taskId: string): string {
  return `early:${taskId}`;
}
