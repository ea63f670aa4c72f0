/**
 * Ids of tasks: UUIDs of version 7 (RFC 9562), which begin with the time, so that an index over them grows at its end.
 * @module
 */

/** A new id. */
export function newId(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const random = crypto.randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
