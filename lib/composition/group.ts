/**
 * Groups and chords: tasks in parallel, and one callback with their values.
 * @module
 */
import { show } from "../primitives/arguments.ts";
import { MAX_CHORD_MEMBERS } from "../primitives/limits.ts";
import { printAs, printed } from "../observe/printing.ts";
import { makePipeline, memberStages, type Stage, stagesOf, withHandler } from "./pipeline.ts";
import type { Callable, Chord, Group, Member, MemberValues, StagesOf, Step, StepGiven } from "../types/composition.ts";

class GroupOfMembers {
  readonly kind = "group" as const;
  readonly members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.members = members;
  }

  andThen(next: Callable, ...given: unknown[]): ChordOfMembers {
    return new ChordOfMembers(this.members, stagesOf(next as Step, given));
  }

  onError(handler: Callable, ...given: unknown[]): GroupOfMembers {
    return new GroupOfMembers(this.members.map((member) => withHandler(member, handler, given)));
  }
}

class ChordOfMembers {
  readonly kind = "chord" as const;
  readonly members: readonly Member[];
  /** The callback and the steps that follow it. */
  readonly tail: readonly Stage[];

  constructor(members: readonly Member[], tail: readonly Stage[]) {
    this.members = members;
    this.tail = tail;
  }

  andThen(next: Step, ...given: unknown[]): ChordOfMembers {
    return new ChordOfMembers(this.members, [...this.tail, ...stagesOf(next, given)]);
  }

  onError(handler: Callable, ...given: unknown[]): ChordOfMembers {
    return new ChordOfMembers(this.members, this.tail.map((stage) => withHandler(stage, handler, given)));
  }
}

printAs(GroupOfMembers.prototype, ({ kind, members }) => printed(kind, members));
printAs(ChordOfMembers.prototype, ({ kind, members, tail }) => printed(kind, [printed("group", members), ...tail], " -> "));

/**
 * Puts invocations together so that they run in parallel.
 *
 * @param members Tasks, pipelines and chords. Empty: the handle reads `[]` at once.
 * @returns The group, not enqueued yet.
 * @throws {TypeError} If a member is none of these; a task function must be called with `s(...)`.
 *
 * @example
 * ```ts
 * import { group, MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * const results = await huey.enqueue(group([add.s(1, 2), add.s(3, 4)]));
 * console.log(await results.get({ blocking: true })); // [3, 7]
 * ```
 */
export function group<const M extends readonly Member[]>(members: M): Group<M> {
  return new GroupOfMembers(checkMembers(members, "group")) as Group<M>;
}

/**
 * Runs members in parallel, then one callback with the list of their values, in member order. The callback runs even if a
 * member fails (its value is the `Error`), is revoked, or expires (its value is `undefined`).
 *
 * @param members Tasks, pipelines and chords. Empty: the callback is called with `[]`.
 * @param callback The task function to call.
 * @param given Arguments of the callback before the list.
 * @returns The chord, not enqueued yet.
 * @throws {TypeError} If a member is something else, a group for example.
 *
 * @example
 * ```ts
 * import { chord, MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * const sum = huey.task("sum", (values: number[]) => values.reduce((a, b) => a + b, 0));
 * const result = await huey.enqueue(chord([add.s(1, 2), add.s(3, 4)], sum));
 * console.log(await result.get({ blocking: true })); // 10
 * ```
 */
export function chord<const M extends readonly Member[], N extends Callable>(
  members: M,
  callback: N,
  ...given: StepGiven<N, [values: MemberValues<M>]>
): Chord<MemberValues<M>, StagesOf<N>> {
  const tail = stagesOf(callback as Step, given as unknown[]);
  return new ChordOfMembers(checkMembers(members, "chord"), tail) as Chord<MemberValues<M>, StagesOf<N>>;
}

/** The members of a group. */
export function groupMembers(group: Group<readonly Member[]>): readonly Member[] {
  return (group as GroupOfMembers).members;
}

/** Members and tail (the callback and what follows) of a chord. */
export function chordParts(
  chord: Chord<unknown, unknown[]>,
): { readonly members: readonly Member[]; readonly tail: readonly Stage[] } {
  return chord as ChordOfMembers;
}

function checkMembers(members: readonly Member[], kind: string): readonly Member[] {
  if (!Array.isArray(members)) throw new TypeError(`The members of a ${kind} must be an array: ${show(members)}`);
  if (members.length > MAX_CHORD_MEMBERS) {
    throw new RangeError(`A ${kind} must not have more than ${MAX_CHORD_MEMBERS} members: ${members.length}`);
  }
  for (const member of members) makePipeline(memberStages(member as Member));
  return [...members];
}
