/**
 * What follows a task, and what it belongs to, as a graph.
 * @module
 */
import { shortened } from "../../lib/primitives/secrets.ts";
import type { ChordMessage, Message, NextStep } from "../../lib/message/message.ts";

/** A task in the graph, or a chord. */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly kind: "self" | "step" | "member" | "callback" | "error";
  /** Column, from 0. */
  readonly column: number;
  /** Row, from 0. */
  readonly row: number;
  readonly from: readonly number[];
}

/** As many are drawn; a chord may have a million members. */
const MOST_NODES = 60;
const MOST_MEMBERS = 8;
const LONGEST_NAME = 26;

/**
 * The graph that begins with a task.
 *
 * @param message Of the task.
 * @returns Its nodes, each with the positions of those before it, and how many were left out; nothing if the task stands alone
 */
export function graphOf(message: Message): { nodes: Node[]; left: number } | undefined {
  if (message.next === undefined && message.onError === undefined && message.chord === undefined) return undefined;
  const nodes: Node[] = [];
  const graph = { nodes, left: 0, lanes: 0 };
  const own = put(graph, message, "self", 0, 0, []);
  const end = follow(graph, message.next, own, 1, 0);
  for (
    let handler = message.onError, at = own, row = graph.lanes;
    handler !== undefined && at >= 0;
    handler = handler.onError
  ) {
    at = put(graph, handler, "error", nodes[at]!.column + 1, row + 1, [at]);
  }
  if (message.chord !== undefined && end >= 0) {
    const callback = { id: message.chord.id, name: `chord, place ${message.chord.index + 1}` };
    put(graph, callback, "callback", nodes[end]!.column + 1, nodes[end]!.row, [end]);
  }
  return { nodes, left: graph.left };
}

interface Graph {
  readonly nodes: Node[];
  left: number;
  /** The last row that is used. */
  lanes: number;
}

function put(
  graph: Graph,
  { id, name }: { readonly id: string; readonly name: string },
  kind: Node["kind"],
  column: number,
  row: number,
  from: readonly number[],
): number {
  if (graph.nodes.length >= MOST_NODES) {
    graph.left += 1;
    return -1;
  }
  graph.lanes = Math.max(graph.lanes, row);
  return graph.nodes.push({ id, name: shortened(name, LONGEST_NAME, "…"), kind, column, row, from }) - 1;
}

/** Adds what follows a node; gives the last one of the chain. */
function follow(
  graph: Graph,
  next: NextStep | undefined,
  before: number,
  column: number,
  row: number,
  kind: Node["kind"] = "step",
): number {
  let [step, at, place] = [next, before, column];
  for (; step !== undefined; step = nextOf(step)) {
    if (at < 0) {
      graph.left += 1;
      continue;
    }
    if ("chord" in step && "members" in step) {
      const ends = members(graph, step, at, place, row);
      const last = Math.max(place, ...ends.map((end) => graph.nodes[end]!.column));
      at = put(graph, step.callback, "callback", last + 1, row, ends);
      place = last + 2;
    } else {
      const message = step as Message;
      at = put(graph, message, kind, place, row, [at]);
      place += 1;
    }
  }
  return at;
}

function nextOf(step: NextStep): NextStep | undefined {
  return "members" in step ? step.callback.next : (step as Message).next;
}

function members(graph: Graph, chord: ChordMessage, before: number, column: number, row: number): number[] {
  graph.left += Math.max(0, chord.members.length - MOST_MEMBERS);
  return chord.members.slice(0, MOST_MEMBERS).flatMap((member, index) => {
    const lane = index === 0 ? row : graph.lanes + 1;
    const end = follow(graph, member, before, column, lane, "member");
    return end < 0 || end === before ? [] : [end];
  });
}
