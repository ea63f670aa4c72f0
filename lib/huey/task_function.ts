/**
 * What `huey.task` returns: a function that enqueues, with everything else that can be done with a task.
 * @module
 */
import { isKeyRevoked, restoreKey, revokeAll, taskRevocationKey } from "../control/revocation.ts";
import { checkIsOptions, show } from "../primitives/arguments.ts";
import { Attempt, Context } from "../attempt/attempt.ts";
import type { Core } from "../core/core.ts";
import { enqueueSteps } from "../enqueue/enqueue.ts";
import { handlesOf } from "../result/handles.ts";
import { newId } from "../primitives/ids.ts";
import { DEFINITION, type Definition } from "../task/registry.ts";
import { keyFunctions, withConcurrencyKey, withUniqueKey } from "../task/keys.ts";
import type { Message } from "../message/message.ts";
import type { ResultHandle } from "../result/result.ts";
import { ResultGroupHandle } from "../result/group.ts";
import { makeMessage, makeReusable, makeTask } from "../composition/call.ts";
import { type AnyCallOptions, type CallFields, callFields, checkRevokeOptions } from "../task/options.ts";
import { type Instant, instantMs } from "../primitives/time.ts";
import type { RemoteTask, RevokeOptions, TaskWrapper } from "../types/calling.ts";
import type { Task } from "../types/composition.ts";

/** Leads from a wrapper, or from one with options bound, to the core of its Huey. */
const OWNER: unique symbol = Symbol.for("@hueyjs/huey.owner") as never;

/** The core of the Huey that a wrapper, also one with options bound, belongs to; `undefined` for any other value. */
export function ownerOf(value: unknown): Core | undefined {
  return typeof value === "function" ? (value as { readonly [OWNER]?: Core })[OWNER] : undefined;
}

/** Makes the wrapper of a definition. */
export function makeWrapper(core: Core, definition: Definition): TaskWrapper<unknown[], unknown> {
  const runs = {
    [DEFINITION]: definition,
    callLocal: (...args: unknown[]) => callLocal(core, definition, args),
  };
  return Object.assign(makeRemote(core, definition), runs) as TaskWrapper<unknown[], unknown>;
}

/** Makes the wrapper of a task that is defined elsewhere: it is called as any other, and has no function. */
export function makeRemote(core: Core, definition: Definition): RemoteTask<unknown[], unknown> {
  const key = taskRevocationKey(definition.name);
  const call = makeCall(core, definition, undefined);
  const members = {
    kind: "function",
    with: (options: AnyCallOptions) => makeCall(core, definition, options),
    schedule: (options: AnyCallOptions & { args?: readonly unknown[] }) => schedule(core, definition, options),
    revoke: async (options: RevokeOptions = {}) => {
      checkRevokeOptions(options);
      await revokeAll(core, definition.name, options);
    },
    restore: () => restoreKey(core, key),
    isRevoked: async (at?: Instant) => await isKeyRevoked(core, key, at === undefined ? core.clock.now() : instantMs(at, "at")),
    unregister: () => core.registry.remove(definition.name),
  };
  return Object.assign(call, members) as RemoteTask<unknown[], unknown>;
}

interface Call {
  (...args: unknown[]): Promise<ResultHandle>;
  s(...args: unknown[]): Task;
  map(items: Iterable<unknown>): Promise<ResultGroupHandle>;
}

/** Makes the message of one call. */
type MakeMessage = (args: readonly unknown[]) => Message;

/** Options of a call; they are checked now, and a delay counts from each call. */
function bind(core: Core, definition: Definition, options: AnyCallOptions | undefined): MakeMessage {
  if (options === undefined) return (args) => makeMessage(definition, args);
  const bound = callFields(options, core.clock.now());
  const fields = (): CallFields => options.delay === undefined ? bound : callFields(options, core.clock.now());
  const keys = keyFunctions(options);
  if (keys === undefined) return (args) => makeMessage(definition, args, fields());
  return (args) => withUniqueKey(withConcurrencyKey(makeMessage(definition, args, fields()), keys), keys);
}

function makeCall(core: Core, definition: Definition, options: AnyCallOptions | undefined): Call {
  const make = bind(core, definition, options);
  const enqueue = (...args: unknown[]): Promise<ResultHandle> => enqueueCall(core, make, args);
  Object.defineProperty(enqueue, "name", { value: definition.name, configurable: true });
  return Object.assign(enqueue, {
    [OWNER]: core,
    s: (...args: unknown[]): Task => makeTask(makeReusable(definition, make(args))),
    map: (items: Iterable<unknown>): Promise<ResultGroupHandle> => map(core, make, items),
  });
}

async function enqueueCall(core: Core, make: MakeMessage, args: readonly unknown[]): Promise<ResultHandle> {
  return handlesOf(core, await enqueueSteps(core, [make(args)]))[0]!;
}

async function map(core: Core, make: MakeMessage, items: Iterable<unknown>): Promise<ResultGroupHandle> {
  if (typeof (items as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== "function" || typeof items === "string") {
    throw new TypeError(`map takes a list of items: ${show(items)}`);
  }
  const messages = Array.from(items, (item) => make(Array.isArray(item) ? item : [item]));
  return new ResultGroupHandle(handlesOf(core, await enqueueSteps(core, messages)));
}

async function schedule(
  core: Core,
  definition: Definition,
  options: AnyCallOptions & { args?: readonly unknown[] },
): Promise<ResultHandle> {
  checkIsOptions(options, "schedule");
  const { args = [], ...call } = options;
  if (!Array.isArray(args)) throw new TypeError(`args must be an array: ${show(args)}`);
  if (call.delay === undefined && call.eta === undefined) {
    throw new TypeError("schedule takes either delay or eta: there is neither");
  }
  return await enqueueCall(core, bind(core, definition, call), args);
}

function callLocal(core: Core, definition: Definition, args: readonly unknown[]): unknown {
  if (!definition.context) return definition.fn(...args);
  const message = makeMessage(definition, args);
  const claim = { id: message.id, data: new Uint8Array(0), priority: 0, track: false, token: newId(), deliveries: 1 };
  return definition.fn(
    new Context(
      core,
      new Attempt(core, claim, message, { claimToken: undefined, begun: false, stop: undefined, isLocal: true }),
    ),
    ...args,
  );
}
