/**
 * A visit of a page: who looks at which queue of which dashboard.
 * @module
 */
import type { Decision } from "../access/access.ts";
import type { Session } from "../access/session.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Counts } from "../queue/counts.ts";
import type { Queue } from "../queue/queue.ts";
import type { Show } from "../queue/shown.ts";

/** One dashboard. */
export interface Board {
  /** Where it is mounted, without a slash at its end. */
  readonly base: string;
  readonly queues: readonly Queue[];
  readonly session: Session | undefined;
  readonly show: Show;
  readonly readOnly: boolean;
  readonly logger: Logger;
  /** The clock of the machine, for waits. */
  readonly clock: Clock;
}

/** One request for a page. */
export interface Visit {
  readonly board: Board;
  readonly decision: Decision;
  readonly url: URL;
  /** Of the language and the way of programs: an abort ends a stream. */
  readonly request: Request;
  /** The part of the address of the visitor, if the server told it. */
  readonly address: string | undefined;
}

/** A visit of a page of one queue. */
export interface QueueVisit extends Visit {
  readonly queue: Queue;
  readonly counts: Counts;
  /** Now, as the queue sees it. */
  readonly nowMs: number;
}

/**
 * An address within the dashboard.
 *
 * @param board The dashboard.
 * @param path The path, with a slash in front.
 * @param query What follows it.
 */
export function link(board: Board, path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "");
  const text = new URLSearchParams(given).toString();
  return `${board.base}${path}${text === "" ? "" : `?${text}`}`;
}

/**
 * An address within the pages of a queue.
 *
 * @param visit Of one of its pages.
 * @param path The path, without a slash in front.
 * @param query What follows it.
 */
export function queueLink(
  { board, queue }: { readonly board: Board; readonly queue: Queue },
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  return link(board, `/q/${queue.slug}/${path}`, query);
}

/** Whether the visitor may act. */
export function mayAct({ decision }: Visit): boolean {
  return decision.access === "write";
}
