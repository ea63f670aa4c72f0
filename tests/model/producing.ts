/**
 * Commands of producers: calls and everything else that puts tasks on the queue.
 * @module
 */
import { group, type Member } from "../../mod.ts";
import { Command } from "./command.ts";
import type { Model } from "./model.ts";
import { bound, build, type Built, callOptions, type CallSpec, linked, type MemberSpec, planOf } from "./specs.ts";
import type { Site, World } from "./world.ts";

/** Remembers every handle inside what enqueueing returned. */
function keepHandles(world: World, site: Site, returned: unknown): void {
  const handle = returned as { kind: string; results: unknown; callback: unknown; pipelineResults: unknown };
  if (handle.kind === "result") world.handles.push({ result: returned as never, site });
  else if (handle.kind === "result-group") {
    for (const inner of returned as Iterable<unknown>) {
      keepHandles(world, site, inner);
    }
  } else for (const inner of [handle.results, handle.pipelineResults ?? handle.callback]) keepHandles(world, site, inner);
}

/** `add(1, 2)`, with options bound. */
export class Call extends Command<CallSpec> {
  async act(model: Model, world: World): Promise<void> {
    const site = world.next();
    const result = await bound(site, this.given)(...this.given.args) as { id: string };
    keepHandles(world, site, result);
    model.enqueue([planOf(this.given, result.id, model.nowMs)]);
  }
}

/** `add.schedule(...)`, by delay or by eta. */
export class ScheduleCall extends Command<{ spec: CallSpec; delay: number; byEta: boolean }> {
  async act(model: Model, world: World): Promise<void> {
    const { delay, byEta } = this.given;
    const spec = { ...this.given.spec, delay };
    const when = byEta ? { eta: new Date(model.nowMs + delay * 1000) } : { delay };
    const site = world.next();
    const options = { ...callOptions(spec, false), ...when, args: spec.args };
    const result = await site.tasks[spec.name].schedule(options) as { id: string };
    keepHandles(world, site, result);
    model.enqueue([planOf(spec, result.id, model.nowMs)]);
  }
}

/** `add.map(...)`. */
export class MapCalls extends Command<{ spec: CallSpec; items: (unknown | unknown[])[] }> {
  async act(model: Model, world: World): Promise<void> {
    const { spec, items } = this.given;
    const site = world.next();
    const results = await bound(site, spec).map(items) as Iterable<{ id: string }>;
    keepHandles(world, site, results);
    const ids = [...results].map(({ id }) => id);
    const args = items.map((item) => Array.isArray(item) ? item : [item]);
    model.enqueue(args.map((args, index) => planOf({ ...spec, args }, ids[index], model.nowMs)));
  }
}

/** Several members: one by one, together, or as a group. */
export class Enqueue
  extends Command<{ members: MemberSpec[]; how: "one by one" | "many" | "group"; onError: CallSpec | undefined }> {
  async act(model: Model, world: World): Promise<void> {
    const { how, onError } = this.given;
    const site = world.next();
    const specs = how === "group" && onError !== undefined
      ? this.given.members.map((member) => withHandler(member, onError))
      : this.given.members;
    const built = specs.map((spec) => build(site, spec, model.nowMs));
    for (const returned of await this.#enqueue(site, built)) keepHandles(world, site, returned);
    model.enqueue(built.map(linked));
  }

  async #enqueue({ huey }: Site, built: readonly Built[]): Promise<unknown[]> {
    const members = built.map(({ real }) => real as unknown as Member);
    if (this.given.how === "many") return [await huey.enqueueMany(members)];
    if (this.given.how === "group") return [await huey.enqueue(group(members))];
    const returned: unknown[] = [];
    for (const member of members) returned.push(await huey.enqueue(member as never));
    return returned;
  }
}

function withHandler(member: MemberSpec, onError: CallSpec): MemberSpec {
  return member.onError === undefined ? { ...member, onError } : member;
}

/** A message of a task that nobody knows, or bytes that are no message. */
export class Strange extends Command<{ id: string; readable: boolean; priority: number }> {
  async act(model: Model, world: World): Promise<void> {
    const { readable, priority } = this.given;
    const id = `${this.given.id}-${crypto.randomUUID()}`;
    const { core } = world.next();
    const message = { v: 1, id, name: "nobody", args: [1], ...priority === 0 ? {} : { priority } };
    const data = readable ? await core.serializer.serialize(message) : new Uint8Array([123, 34, 255, 0]);
    await core.storage.enqueue([{ id, data, priority, track: true }]);
    const plan = {
      id: { text: id },
      name: "nobody",
      args: [1],
      retries: 0,
      retryDelayMs: 0,
      retryBackoff: 0,
      priority,
    } as const;
    const known = { ...plan, atMostOnce: false, attempt: 1 };
    model.append({ plan: readable ? known : undefined, id: known.id, priority, retry: false });
  }
}
