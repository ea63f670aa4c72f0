/**
 * Shared resources: opened before each attempt of a task, closed after it.
 * @module
 */
import { show } from "../primitives/arguments.ts";
import type { EnterExit, OpenClose, Resource } from "../types/definition.ts";
import type { Logger } from "../types/options.ts";

/** An opened resource. */
interface Opened {
  readonly value: unknown;
  close(error: unknown): unknown;
}

/**
 * The function with the resource around it.
 *
 * @param logger Told when closing fails after the function has failed.
 * @param asArgument Whether the opened resource becomes the first argument.
 * @throws {TypeError} If it is no resource.
 */
export function withResource(
  resource: Resource,
  asArgument: boolean,
  // deno-lint-ignore ban-types -- the parameters are known to the wrapper's types only
  fn: Function,
  logger: Logger,
): (...args: unknown[]) => Promise<unknown> {
  checkResource(resource);
  return async (...args) => {
    const opened = await openResource(resource);
    let value: unknown;
    try {
      value = await (asArgument ? fn(opened.value, ...args) : fn(...args));
    } catch (error) {
      await closeAfter(opened, error, logger);
      throw error;
    }
    await opened.close(undefined);
    return value;
  };
}

/** Closes after a failure. The task's own failure decides what becomes of it, so a second one is only logged. */
async function closeAfter(opened: Opened, failure: unknown, logger: Logger): Promise<void> {
  try {
    await opened.close(failure);
  } catch (error) {
    logger.error("Closing a resource failed after its task had failed", { error });
  }
}

function checkResource(resource: Resource): void {
  if (typeof resource === "function" || isEnterExit(resource) || isOpenClose(resource) || disposer(resource) !== undefined) {
    return;
  }
  throw new TypeError(
    `A resource must have enter and exit, or open and close, or be disposable, or be a function that makes one: ${
      show(resource)
    }`,
  );
}

async function openResource(resource: Resource): Promise<Opened> {
  if (isEnterExit(resource)) {
    return { value: await resource.enter(), close: (error) => resource.exit(error) };
  }
  if (isOpenClose(resource)) {
    await resource.open();
    return { value: resource, close: () => resource.close() };
  }
  if (typeof resource === "function") return await openMade(await resource());
  return { value: resource, close: disposer(resource) ?? nothing };
}

/**
 * What a factory made is ready if it can be disposed of (a database that its constructor opened); else it is entered or opened.
 * The task gets the factory's value.
 */
async function openMade(made: unknown): Promise<Opened> {
  const dispose = disposer(made);
  if (dispose !== undefined) return { value: made, close: dispose };
  if (isEnterExit(made) || isOpenClose(made)) return { ...await openResource(made), value: made };
  return { value: made, close: hasMethod(made, "close") ? () => made.close() : nothing };
}

function nothing(): void {}

function isEnterExit(value: unknown): value is EnterExit<unknown> {
  return hasMethod(value, "enter") && hasMethod(value, "exit");
}

function isOpenClose(value: unknown): value is OpenClose {
  return hasMethod(value, "open") && hasMethod(value, "close");
}

function disposer(value: unknown): (() => unknown) | undefined {
  for (const key of [Symbol.asyncDispose, Symbol.dispose]) {
    if (hasMethod(value, key)) return () => value[key]!();
  }
  return undefined;
}

function hasMethod<K extends string | symbol>(value: unknown, key: K): value is Readonly<Record<K, () => unknown>> {
  return ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof Reflect.get(value, key) === "function";
}
