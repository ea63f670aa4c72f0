/**
 * What the generated commands say of calls, and how it becomes a real invocation and a plan at once.
 * @module
 */
import fc from "fast-check";
import { chord } from "../../mod.ts";
import { chain, type Next, type Plan, type Stage } from "./plan.ts";
import { type AnyTask, type AnyWrapper, TASK_NAMES, type TaskName } from "./tasks.ts";
import type { Site } from "./world.ts";

/** Options of a call. Durations are seconds. */
export interface CallSpec {
  readonly name: TaskName;
  readonly args: readonly unknown[];
  readonly retries: number;
  readonly retryDelay: number;
  readonly retryBackoff: number;
  readonly priority: number;
  readonly expires: number | undefined;
  readonly atMostOnce: boolean;
  readonly delay: number | undefined;
}

/** A task, a pipeline or a chord. */
export type MemberSpec =
  | { readonly kind: "task"; readonly call: CallSpec; readonly onError: CallSpec | undefined }
  | { readonly kind: "pipeline"; readonly steps: readonly MemberSpec[]; readonly onError: CallSpec | undefined }
  | {
    readonly kind: "chord";
    readonly members: readonly MemberSpec[];
    readonly callback: CallSpec;
    readonly onError: CallSpec | undefined;
  };

/** A member, ready to be enqueued. */
export interface Built {
  readonly real: AnyTask;
  readonly stages: readonly Stage[];
}

const value = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.string({ maxLength: 3 }), fc.constantFrom(null, [1, 2], { a: 1 }));

/** Calls. @param priorities Those that the storage takes. */
export function calls(priorities: readonly number[]): fc.Arbitrary<CallSpec> {
  return fc.record({
    name: fc.constantFrom(...TASK_NAMES, "collect" as const, "flaky" as const),
    args: fc.array(value, { maxLength: 2 }),
    retries: fc.constantFrom(0, 0, 1, 2),
    retryDelay: fc.constantFrom(0, 0, 10),
    retryBackoff: fc.constantFrom(0, 0, 2),
    priority: fc.constantFrom(0, 0, ...priorities),
    expires: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 5, 40),
    atMostOnce: fc.constantFrom(false, false, false, false, true),
    delay: fc.constantFrom(undefined, undefined, undefined, -5, 5, 30),
  });
}

/** Everything that can be enqueued; chords within chords too. */
export function members(call: fc.Arbitrary<CallSpec>): fc.Arbitrary<MemberSpec> {
  const onError = fc.option(call, { nil: undefined, freq: 3 });
  const task = fc.record({ kind: fc.constant("task" as const), call, onError });
  const step = (depth: number): fc.Arbitrary<MemberSpec> =>
    depth === 0 ? task : fc.oneof({ weight: 4, arbitrary: task }, chordOf(depth - 1));
  const pipeline = (depth: number): fc.Arbitrary<MemberSpec> =>
    fc.record({ kind: fc.constant("pipeline" as const), steps: fc.tuple(task, step(depth), step(depth)), onError });
  const member = (depth: number): fc.Arbitrary<MemberSpec> =>
    fc.oneof({ weight: 3, arbitrary: task }, pipeline(depth), {
      weight: depth,
      arbitrary: depth === 0 ? task : chordOf(depth - 1),
    });
  const chordOf = (depth: number): fc.Arbitrary<MemberSpec> =>
    fc.record({
      kind: fc.constant("chord" as const),
      members: fc.array(member(depth), { maxLength: 3 }),
      callback: call,
      onError,
    });
  return member(2);
}

/** A wrapper with the options of a call bound, the time of the call with them. */
export function bound(site: Site, spec: CallSpec, { timed = true }: { timed?: boolean } = {}): AnyWrapper {
  return site.tasks[spec.name].with(callOptions(spec, timed));
}

/** The options of a call. */
export function callOptions(spec: CallSpec, timed: boolean): Record<string, unknown> {
  const { retries, retryDelay, retryBackoff, priority, expires } = spec;
  const delivery = isAtMostOnce(spec) ? "at-most-once" : "at-least-once";
  const options: Record<string, unknown> = { retries, retryDelay, retryBackoff, priority, delivery };
  if (expires !== undefined) options["expires"] = { seconds: expires };
  if (timed && spec.delay !== undefined) options["delay"] = spec.delay;
  return options;
}

/** What is known of a call. @param nowMs For its delay; `undefined`: it has none. */
export function planOf(spec: CallSpec, id: string | undefined, nowMs: number | undefined): Plan {
  return {
    id: { text: id },
    name: spec.name,
    args: spec.args,
    etaMs: nowMs === undefined || spec.delay === undefined ? undefined : nowMs + spec.delay * 1000,
    retries: spec.retries,
    retryDelayMs: spec.retryDelay * 1000,
    retryBackoff: spec.retryBackoff,
    priority: spec.priority,
    expiresMs: spec.expires === undefined ? undefined : spec.expires * 1000,
    atMostOnce: isAtMostOnce(spec),
    attempt: 1,
  };
}

/** A real member, and its stages for the model. */
export function build(site: Site, spec: MemberSpec, nowMs: number): Built {
  const plain = spec.kind === "task"
    ? buildTask(site, spec.call, nowMs)
    : spec.kind === "pipeline"
    ? buildPipeline(site, spec.steps, nowMs)
    : buildChord(site, spec, nowMs);
  if (spec.onError === undefined) return plain;
  const handler = planOf(spec.onError, undefined, undefined);
  const real = plain.real.onError(bound(site, spec.onError, { timed: false }), ...spec.onError.args);
  return { real, stages: plain.stages.map((stage) => guarded(stage, handler)) };
}

/** The steps of a member, tied together. */
export function linked({ stages }: Built): Next {
  return chain(stages);
}

function buildTask(site: Site, call: CallSpec, nowMs: number): Built {
  const real = bound(site, call).s(...call.args);
  return { real, stages: [{ plan: planOf(call, real.id, nowMs) }] };
}

function buildPipeline(site: Site, steps: readonly MemberSpec[], nowMs: number): Built {
  const [head, ...rest] = steps.map((step) => build(site, step, nowMs));
  const real = rest.reduce((pipeline, step) => pipeline.andThen(step.real), head!.real);
  return { real, stages: [head!, ...rest].flatMap(({ stages }) => stages) };
}

function buildChord(site: Site, spec: MemberSpec & { kind: "chord" }, nowMs: number): Built {
  const inner = spec.members.map((member) => build(site, member, nowMs));
  // A chord is made with a wrapper, so the id of its callback is known only from the handle.
  const callback = planOf(spec.callback, undefined, undefined);
  const wrapper = bound(site, spec.callback, { timed: false });
  const ids: string[] = [];
  const spied = Object.assign((): never => unreachable(), {
    s: (...args: unknown[]): AnyTask => {
      const task = wrapper.s(...args);
      ids.push(task.id);
      return task;
    },
  });
  const real = (chord as (...args: unknown[]) => unknown)(inner.map((member) => member.real), spied, ...spec.callback.args);
  callback.id.text = ids[0];
  return { real: real as AnyTask, stages: [{ members: inner.map(({ stages }) => stages), tail: [{ plan: callback }] }] };
}

/** With a handler for the failure of a task, or of the callback of a chord; a second one handles the failure of the first. */
function guarded(stage: Stage, handler: Plan): Stage {
  if ("plan" in stage) return { plan: withHandler(stage.plan, handler) };
  return { ...stage, tail: stage.tail.map((inner) => guarded(inner, handler)) };
}

function withHandler(plan: Plan, handler: Plan): Plan {
  return { ...plan, onError: plan.onError === undefined ? handler : withHandler(plan.onError, handler) };
}

function isAtMostOnce({ name, atMostOnce }: CallSpec): boolean {
  // A lock of a task that gave up its claim outlives a crash: that is what at-most-once means.
  return atMostOnce && name !== "locked";
}

function unreachable(): never {
  throw new Error("A wrapper that is only bound is not called");
}
