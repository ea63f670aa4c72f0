/**
 * What applications name when they revoke or ask: a task, an invocation, a result, or an id.
 * @module
 */
import { isKeyRevoked, isTaskRevoked, revocationKey, taskRevocationKey } from "../control/revocation.ts";
import type { Core } from "../core/core.ts";
import { checkName, show } from "../primitives/arguments.ts";
import { type Instant, instantMs } from "../primitives/time.ts";
import type { RegisteredTask, TaskInfo } from "../types/calling.ts";
import type { Result } from "../types/results.ts";

/** The id of an invocation, or of what a handle is of. @throws {TypeError} For anything else. */
export function idOf(task: TaskInfo): string {
  const { id, name } = task ?? {} as Partial<TaskInfo>;
  if (typeof id !== "string" || typeof name !== "string") throw new TypeError(`Expected a task or a result: ${show(task)}`);
  return id;
}

/** The name of what `huey.task` returned. @throws {TypeError} For anything else. */
export function nameOf(task: RegisteredTask): string {
  if (task?.kind !== "function") throw new TypeError(`Expected what huey.task returned: ${show(task)}`);
  return task.name;
}

/** Whether a target is revoked. Uses nothing up. @throws {TypeError} For what is no target. */
export async function isTargetRevoked(
  core: Core,
  target: RegisteredTask | TaskInfo | Result | string,
  at: Instant | undefined,
): Promise<boolean> {
  const atMs = at === undefined ? core.clock.now() : instantMs(at, "at");
  if (typeof target === "string") {
    checkName(target, "id");
    return await isKeyRevoked(core, revocationKey(target), atMs);
  }
  if (typeof target === "function") return await isKeyRevoked(core, taskRevocationKey(nameOf(target)), atMs);
  const task = (target as Partial<Result>)?.kind === "result" ? (target as Result).task : target as TaskInfo;
  idOf(task);
  return await isTaskRevoked(core, task, atMs);
}
