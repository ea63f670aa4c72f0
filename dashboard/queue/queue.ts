/**
 * The queues of a dashboard.
 * @module
 */
import { Buffer } from "node:buffer";
import { type Core, coreOf } from "../../lib/core/core.ts";
import type { Huey } from "../../lib/huey/huey.ts";

/** One queue of a dashboard. */
export interface Queue {
  /** Its name in addresses. */
  readonly slug: string;
  /** Its name for people. */
  readonly name: string;
  readonly huey: Huey;
  /** For the registry, the clock and the log. */
  readonly core: Core;
}

/**
 * The queues, each with a name for addresses that no proxy or browser changes.
 *
 * @param hueys The queues, in the order in which they are shown.
 */
export function makeQueues(hueys: readonly Huey[]): readonly Queue[] {
  const taken = new Set<string>();
  return hueys.map((huey) => {
    const plain = slugOf(huey.name);
    let slug = plain;
    for (let copy = 2; taken.has(slug); copy++) slug = `${plain}~${copy}`;
    taken.add(slug);
    return { slug, name: huey.name, huey, core: coreOf(huey)! };
  });
}

/** A name such as `..` or `a/b` would be taken for a path. */
function slugOf(name: string): string {
  if (/^[\w-]+(\.[\w-]+)*$/.test(name) && name.length <= 100) return name;
  return `~${Buffer.from(name).toString("base64url").slice(0, 200)}`;
}
