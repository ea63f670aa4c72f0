/**
 * Pipelines: steps one after another, each with the value of the one before.
 * @module
 */
import { isPromise, show } from "../primitives/arguments.ts";
import { printAs, printed } from "../observe/printing.ts";
import type { Callable, Chord, Member, Pipeline, Step, Task } from "../types/composition.ts";

/** A step as it is kept: one task, or a chord. */
export type Stage = Task | Chord<unknown, unknown[]>;

interface Stages {
  readonly stages: readonly Stage[];
}

class PipelineOfStages implements Stages {
  readonly kind = "pipeline" as const;
  readonly stages: readonly Stage[];

  constructor(stages: readonly Stage[]) {
    this.stages = stages;
  }

  /** The tasks whose values the handle lists; of a chord the callback and what follows it. */
  get tasks(): readonly Task[] {
    return this.stages.flatMap(tasksOf);
  }

  andThen(next: Step, ...given: unknown[]): Pipeline<unknown[]> {
    return makePipeline([...this.stages, ...stagesOf(next, given)]);
  }

  onError(handler: Callable, ...given: unknown[]): Pipeline<unknown[]> {
    return makePipeline(this.stages.map((stage) => withHandler(stage, handler, given)));
  }
}

printAs(PipelineOfStages.prototype, ({ kind, stages }) => printed(kind, stages, " -> "));

/** The pipeline of these stages. */
export function makePipeline(stages: readonly Stage[]): Pipeline<unknown[]> {
  return new PipelineOfStages(stages) as Pipeline<unknown[]>;
}

/**
 * The stages that a step adds: a wrapper is called with `given`; a ready-made one is taken as it is.
 * @throws {TypeError} If it is no step, or arguments are given to something ready-made.
 */
export function stagesOf(step: Step, given: readonly unknown[] = []): readonly Stage[] {
  if (typeof step === "function" && typeof (step as Callable).s === "function") {
    return [(step as { s(...args: readonly unknown[]): Task }).s(...given)];
  }
  if (given.length > 0) throw new TypeError("Arguments can be given to a task function only, not to something ready-made");
  return memberStages(step as Member);
}

/**
 * The call of an error handler with the arguments given.
 * @throws {TypeError} If it is no task function.
 */
export function handlerCall(handler: Callable, given: readonly unknown[]): Task {
  if (typeof (handler as Partial<Callable> | undefined)?.s !== "function") {
    throw new TypeError(`handler must be a task function, as huey.task returns it, not ${whatElse(handler)}`);
  }
  return (handler as { s(...args: readonly unknown[]): Task }).s(...given);
}

/**
 * The stages of a member of a group, or of a ready-made step.
 * @throws {TypeError} If it is neither a task nor a pipeline nor a chord.
 */
export function memberStages(member: Member): readonly Stage[] {
  // What the classes of members hold is no part of their public types.
  const kind = (member as { kind?: unknown } | null | undefined)?.kind;
  if (kind === "pipeline") return (member as unknown as Stages).stages;
  if (kind === "task" || kind === "chord") return [member as Stage];
  throw new TypeError(`Expected a task, a pipeline or a chord, got ${whatElse(member)}`);
}

/** What was given in place of a task, and how to make one of it. */
function whatElse(value: unknown): string {
  const { kind, s, name, task } = (value ?? {}) as Record<string, unknown>;
  if (isPromise(value)) {
    return "a promise: a call such as add(1, 2) enqueues the task by itself; add.s(1, 2) makes one that is not enqueued yet";
  }
  if (typeof s === "function") return `the task function ${name}: ${name}.s(...) makes a task of it`;
  if (typeof value === "function" && task !== undefined) {
    return `${name}, which waits for a commit: ${name}.task.s(...) makes a task`;
  }
  if (typeof value === "function") return `${show(value)}, which is no task: huey.task(...) defines one`;
  if (kind === "group") return "a group: enqueue it by itself, or give its members";
  if (kind === "result" || kind === "result-group" || kind === "chord-result") return `${value}, which is enqueued already`;
  if (Array.isArray(value)) return "an array: group([...]) makes one of several tasks";
  return show(value);
}

/** `target.onError(handler, ...given)`, where the types are not known. */
export function withHandler<T>(target: T, handler: Callable, given: readonly unknown[]): T {
  return (target as { onError(handler: Callable, ...given: readonly unknown[]): T }).onError(handler, ...given);
}

/** The tasks of a stage that have a value of their own in a pipeline's handle. The tail of a chord is no part of its public type. */
function tasksOf(stage: Stage): readonly Task[] {
  if (stage.kind === "task") return [stage];
  return (stage as unknown as { readonly tail: readonly Stage[] }).tail.flatMap(tasksOf);
}
