/**
 * Commands of consumers: running, crashing, giving back, scheduling, dead letters, and the clock.
 * @module
 */
import { expect } from "bun:test";
import { begin, finish } from "./attempts.ts";
import { Command, pick } from "./command.ts";
import { listed, told } from "./compare.ts";
import type { Held, Model } from "./model.ts";
import type { Claim } from "../../lib/storage.ts";
import type { RunningTask, Site, World } from "./world.ts";

interface Taken {
  readonly site: Site;
  readonly claim: Claim;
  readonly held: Held;
  readonly revocations: boolean;
}

/** Claims the same item on both sides. */
async function take(model: Model, world: World, consumer: string, worker: string): Promise<Taken | undefined> {
  const site = world.next();
  const { claims, revocations } = await site.core.storage.claim(1, { consumer, worker });
  const held = model.claim(consumer, worker);
  const seen = claims.map(({ id, deliveries, priority }) => ({ id, deliveries, priority }));
  const { entry } = held ?? {};
  expect(seen).toEqual(
    entry === undefined ? [] : [{ id: entry.id.text!, deliveries: entry.deliveries, priority: entry.priority }],
  );
  // Without any revocation the check is skipped.
  if (held !== undefined && model.revocations.size > 0) expect(revocations).toBe(true);
  return held && { site, claim: claims[0]!, held, revocations };
}

/** Runs the first tasks of the queue, each to its end. */
export class Work extends Command<{ tasks: number }> {
  override check(model: Model): boolean {
    return model.queue.length > 0;
  }

  async act(model: Model, world: World): Promise<void> {
    for (let left = this.given.tasks; left > 0 && model.queue.length > 0; left--) {
      const taken = await take(model, world, "consumer", "worker");
      await world.run(taken!.site, taken!.claim, taken!.revocations);
      const running = begin(model, taken!.held);
      if (running !== undefined) finish(model, running);
      if (left > 1) await learn(model, world);
    }
  }
}

/** Ids of error handlers become known when they are listed. */
async function learn(model: Model, world: World): Promise<void> {
  const tasks = await world.other.huey.pending();
  const entries = model.queue.filter(({ plan }) => plan !== undefined);
  for (const [index, { id }] of entries.entries()) id.text ??= tasks[index]?.id;
}

/** Starts the first task; its function waits. */
export class Begin extends Command<{ consumer: number; worker: number }> {
  override check(model: Model): boolean {
    return model.queue.length > 0;
  }

  async act(model: Model, world: World): Promise<void> {
    const { site, claim, held, revocations } = (await take(model, world, `c${this.given.consumer}`, `w${this.given.worker}`))!;
    const real = await world.begin(site, claim, revocations);
    const running = begin(model, held);
    expect(real !== undefined).toBe(running !== undefined);
    if (real !== undefined) world.running.push({ model: running!, held, claim, ...real });
  }
}

/** Lets a function end that waits. Its claim may be lost meanwhile. */
export class Finish extends Command<{ at: number }> {
  async act(model: Model, world: World): Promise<void> {
    if (world.running.length === 0) return;
    const task = pick(world.running, this.given.at);
    forget(world, task);
    task.open();
    await task.done;
    finish(model, task.model);
  }
}

function forget(world: World, task: RunningTask): void {
  world.running.splice(world.running.indexOf(task), 1);
}

/** A consumer, or one of its workers, has died: its claims go back. Its functions may still be running somewhere. */
export class Recover extends Command<{ consumer: number; worker: number | undefined }> {
  override check(model: Model): boolean {
    return model.claims.size > 0;
  }

  async act(model: Model, world: World): Promise<void> {
    const consumer = `c${this.given.consumer}`;
    const worker = this.given.worker === undefined ? undefined : `w${this.given.worker}`;
    const { core } = world.next();
    const recovered = await core.storage.recover(worker === undefined ? { consumer } : { consumer, worker });
    const lost = [...model.claims].filter((held) => held.consumer === consumer && (worker ?? held.worker) === held.worker);
    expect(recovered.map(({ id }) => id).sort()).toEqual(lost.map(({ entry }) => entry.id.text!).sort());
    for (const held of lost) model.putBack(held, true);
  }
}

/** Claims are given back at a shutdown. */
export class Release extends Command<{ at: number; all: boolean }> {
  override check(model: Model): boolean {
    return model.claims.size > 0;
  }

  async act(model: Model, world: World): Promise<void> {
    if (world.running.length === 0) return;
    const given = this.given.all ? [...world.running] : [pick(world.running, this.given.at)];
    await world.next().core.storage.release(given.map(({ claim }) => claim));
    for (const { held } of given) model.putBack(held, false);
  }
}

/** Time passes. */
export class Step extends Command<{ seconds: number }> {
  // deno-lint-ignore require-await -- a command is asynchronous
  async act(model: Model, world: World): Promise<void> {
    model.nowMs += this.given.seconds * 1000;
    world.nowMs = model.nowMs;
  }
}

/** What a scheduler does. */
export class Promote extends Command<{ limit: number }> {
  override check(model: Model): boolean {
    return model.schedule.length > 0;
  }

  async act(model: Model, world: World): Promise<void> {
    await world.next().core.storage.promoteDue(this.given.limit);
    model.promote(this.given.limit);
  }
}

/** A look at the first few. */
export class List extends Command<{ limit: number }> {
  async act(model: Model, world: World): Promise<void> {
    const { limit } = this.given;
    const { huey } = world.next();
    expect(told(await huey.pending(limit))).toEqual(listed(model.queue.slice(0, limit)));
    expect(told(await huey.scheduled(limit))).toEqual(listed(model.schedule.slice(0, limit).map(({ entry }) => entry)));
  }
}

/** A dead letter goes back to the queue, or away. */
export class Exhume extends Command<{ at: number; requeue: boolean }> {
  override check(model: Model): boolean {
    return model.graves.length > 0;
  }

  async act(model: Model, world: World): Promise<void> {
    const { huey } = world.next();
    const letters = await huey.deadLetters();
    const { id, taskId, kind, at } = pick(letters, this.given.at);
    expect(await (this.given.requeue ? huey.requeueDeadLetter(id) : huey.deleteDeadLetter(id))).toBe(true);
    expect(await huey.deleteDeadLetter(id)).toBe(false);
    model.exhume(taskId!, kind === "failed" ? kind : "dead", at.getTime(), this.given.requeue);
  }
}

/** While the queue is paused nothing is handed out, and nothing changes. */
export class Pause extends Command<{ seconds: number | undefined }> {
  async act(_model: Model, world: World): Promise<void> {
    const { seconds } = this.given;
    const [one, other] = [world.next(), world.other];
    expect(await one.huey.resume()).toBe(false);
    await one.huey.pause(seconds === undefined ? {} : { until: { seconds } });
    expect(await other.huey.isPaused()).toBe(true);
    expect((await other.core.storage.claim(3, { consumer: "c0", worker: "w0" })).claims).toEqual([]);
    expect(await other.huey.resume()).toBe(true);
    expect(await one.huey.isPaused()).toBe(false);
  }
}

/** Everything goes. */
export class Flush extends Command<null> {
  async act(model: Model, world: World): Promise<void> {
    await world.next().huey.flush();
    model.flush();
  }
}
