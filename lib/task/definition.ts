/**
 * From the arguments of `huey.task` and its relatives to a definition.
 * @module
 */
import { checkFunction, checkIsOptions, checkName, show } from "../primitives/arguments.ts";
import { ConfigurationError } from "../errors.ts";
import { type Definition, definitionOf, type Periodic } from "./registry.ts";
import { withResource } from "./resource.ts";
import { keyFunctions } from "./keys.ts";
import { type AnyTaskOptions, EXTRA_RULES, lockOf, rateLimitOf, taskFields } from "./options.ts";
import { DAY_MS, durationMs } from "../primitives/time.ts";
import type { OpenClose, Resource, Schedule } from "../types/definition.ts";
import type { Logger } from "../types/options.ts";

// deno-lint-ignore ban-types -- any function can become a task
type AnyFunction = Function;

interface Parts {
  readonly options: AnyTaskOptions;
  /** As given: a function, or the wrapper of a task, whose function becomes another task. */
  readonly fn: AnyFunction;
}

/** The definition of a plain task: `(fn)`, `(name, fn)`, `(options, fn)`, `(name, options, fn)`, `({ name, fn, ... })`. */
export function defineTask(args: readonly unknown[]): Definition {
  return makeDefinition(parts(args), EXTRA_RULES.task);
}

/**
 * The definition of a periodic task: a schedule stands before the function.
 * @throws {TypeError} If there is no schedule, or no function after it.
 */
export function definePeriodic(args: readonly unknown[]): Definition {
  const at = args.findIndex((value) => typeof value === "function");
  const schedule = args[at];
  if (at < 0 || at === args.length - 1) {
    throw new TypeError("A periodic task takes a schedule, such as crontab({ minute: 0 }), and then its function");
  }
  const given = parts(args.filter((_, index) => index !== at));
  const definition = makeDefinition(given, EXTRA_RULES.periodic);
  return { ...definition, periodic: periodicOf(schedule as Schedule, given.options) };
}

/**
 * The definition of a task that runs inside a resource.
 * @throws {TypeError} If it is no resource.
 * @throws {ConfigurationError} If both `asArgument` and `context` are set.
 */
export function defineContext(args: readonly unknown[], logger: Logger): Definition {
  const [resource, ...rest] = args;
  const given = parts(rest);
  const { asArgument, context } = given.options;
  if (asArgument && context) throw new ConfigurationError("Give either asArgument or context: there is one first argument");
  const definition = makeDefinition(given, EXTRA_RULES.context);
  return { ...definition, fn: withResource(resource as Resource, asArgument ?? false, definition.fn, logger) };
}

/**
 * The definition of a task that runs between `open()` and `close()` of a resource.
 * @throws {TypeError} If the resource has no `open` or no `close`.
 */
export function defineClosing(args: readonly unknown[], logger: Logger): Definition {
  const [resource] = args as [Partial<OpenClose> | undefined];
  if (typeof resource?.open !== "function" || typeof resource.close !== "function") {
    throw new TypeError(`The resource of a closing task must have open and close: ${show(resource)}`);
  }
  return defineContext(args, logger);
}

/**
 * The definition of a task that is defined elsewhere.
 * @throws {TypeError | RangeError} For a wrong name or option, naming it.
 */
export function defineRemote(name: unknown, options: unknown): Definition {
  checkName(name, "The name of a remote task");
  checkIsOptions(options, "A remote task");
  const own = ["name", "context"].find((option) => option in options);
  if (own !== undefined) throw new TypeError(`A remote task has no option "${own}": that belongs to its definition`);
  const refuse = (): never => {
    throw new ConfigurationError(`Task "${name}" is defined elsewhere: it has no function here`);
  };
  return { ...makeDefinition({ options: { ...options, name }, fn: refuse }, EXTRA_RULES.task), remote: true };
}

function makeDefinition({ options, fn }: Parts, extra: object): Definition {
  const name = options.name ?? fn.name;
  if (name === "") throw new ConfigurationError('A task needs a name: name the function, or give one: task("name", fn)');
  checkName(name, "The name of a task");
  return {
    name,
    fn: definitionOf(fn)?.fn ?? fn,
    context: options.context ?? false,
    blank: { v: 1, id: "", name, args: [], ...taskFields(options, extra) },
    lock: lockOf(options.lock),
    rateLimit: rateLimitOf(options.rateLimit, name),
    periodic: undefined,
    keys: keyFunctions(options),
  };
}

function parts(args: readonly unknown[]): Parts {
  const [first, second, third] = args;
  const functionAt = args.findIndex((value) => typeof value === "function");
  if (functionAt >= 0 && functionAt < args.length - 1) {
    throw new TypeError("The function of a task comes last, its options before it");
  }
  if (args.length > 3) throw new TypeError(`Too many arguments to define a task: ${args.length}`);
  if (typeof first === "string") {
    checkName(first, "The name of a task");
    const options = third === undefined ? {} : optionsOf(second, first);
    return { options: { ...options, name: first }, fn: functionOf(third ?? second) };
  }
  if (typeof first === "function") return { options: {}, fn: functionOf(first) };
  const { fn, ...options } = optionsOf(first, undefined) as AnyTaskOptions & { fn?: AnyFunction };
  // A function that is written into the definition has the key's name, which nobody chose.
  if (second === undefined && options.name === undefined && (fn?.name === "fn" || fn?.name === "")) {
    throw new ConfigurationError("A task needs a name: task({ name, fn })");
  }
  return { options, fn: functionOf(second ?? fn) };
}

function optionsOf(options: unknown, name: string | undefined): AnyTaskOptions {
  checkIsOptions(options, "A task");
  const inner = (options as AnyTaskOptions).name;
  if (name !== undefined && inner !== undefined && inner !== name) {
    throw new ConfigurationError(`The task has two names: "${name}" and ${show(inner)}`);
  }
  return options as AnyTaskOptions;
}

function functionOf(fn: unknown): AnyFunction {
  checkFunction(fn, "The function of a task");
  if (definitionOf(fn) === undefined && typeof (fn as { s?: unknown }).s === "function") {
    throw new TypeError("The function of a task must be a function or another task, not a task with options bound by with");
  }
  return fn as AnyFunction;
}

function periodicOf(schedule: Schedule, options: AnyTaskOptions): Periodic {
  const missedWindowMs = options.missedWindow === undefined ? DAY_MS : durationMs(options.missedWindow, "missedWindow");
  return { schedule, missed: options.missed ?? "skip", missedWindowMs };
}
