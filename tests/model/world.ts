/**
 * The real side of the model tests: one or two Hueys over one store, a stopped clock, workers without a consumer.
 * @module
 */
import { setSystemTime } from "bun:test";
import { type Core, coreOf } from "../../lib/core/core.ts";
import { executeClaim } from "../../lib/execution/execute.ts";
import type { Storage } from "../../lib/storage.ts";
import { type HeldLock, Huey, type Result } from "../../mod.ts";
import { silent } from "../helpers.ts";
import type { RunningPlan } from "./attempts.ts";
import { type Holder, LIMITS, LOCKS, NOTICE_MS } from "./ledger.ts";
import type { Held, Model } from "./model.ts";
import { MAX_DELIVERIES } from "./model.ts";
import { type AnyWrapper, registerTasks, type TaskName } from "./tasks.ts";
import type { Claim } from "../../lib/storage.ts";

/** One process, so to speak. */
export interface Site {
  readonly huey: Huey;
  readonly core: Core;
  readonly tasks: Record<TaskName, AnyWrapper>;
}

/** A handle. */
export interface Handle {
  readonly result: Result;
  readonly site: Site;
}

/** An attempt whose function waits at its gate. */
export interface RunningTask {
  readonly model: RunningPlan;
  readonly held: Held;
  readonly claim: Claim;
  readonly open: () => void;
  readonly done: Promise<void>;
}

/** A lock that the application holds. */
export interface AppLock {
  readonly name: string;
  readonly real: HeldLock;
  readonly model: Holder;
}

/** What a run has made. */
export class World {
  readonly sites: readonly Site[];
  readonly handles: Handle[] = [];
  readonly running: RunningTask[] = [];
  readonly locks: AppLock[] = [];
  /** Told when a function begins; set for one attempt at a time. */
  #gate: { readonly begun: () => void; readonly opened: Promise<void> } | undefined;
  #turn = 0;

  constructor(storages: readonly Storage[], { setup }: Model) {
    const { storeNone, storeIntermediateErrors, compression } = setup;
    const options = {
      storeNone,
      storeIntermediateErrors,
      compression,
      maxDeliveries: MAX_DELIVERIES,
      logger: silent,
    };
    this.sites = storages.map((storage) => {
      const huey = new Huey({ ...options, completionTtl: NOTICE_MS / 1000, storage });
      const tasks = registerTasks(huey, () => this.#atGate());
      for (const [name, slots] of Object.entries(LOCKS)) huey.lockTask(name, { slots });
      return { huey, core: coreOf(huey)!, tasks };
    });
  }

  /** The Huey whose turn it is. */
  next(): Site {
    return this.sites[this.#turn++ % this.sites.length]!;
  }

  /** The Huey that the last command did not use, if there are two. */
  get other(): Site {
    return this.sites[this.#turn % this.sites.length]!;
  }

  /** Steps the clock. */
  set nowMs(nowMs: number) {
    setSystemTime(new Date(nowMs));
  }

  /** Runs a claim to its end. */
  async run(site: Site, claim: Claim, revocations: boolean): Promise<void> {
    await executeClaim(site.core, claim, { owner: { consumer: "c", worker: "worker" }, revocations });
  }

  /** Starts a claim. @returns how to let its function end; `undefined` if the attempt has ended without it */
  async begin(site: Site, claim: Claim, revocations: boolean): Promise<Pick<RunningTask, "open" | "done"> | undefined> {
    const opened = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<true>();
    this.#gate = { begun: () => begun.resolve(true), opened: opened.promise };
    const done = this.run(site, claim, revocations);
    const waits = await Promise.race([begun.promise, done.then(() => false)]);
    this.#gate = undefined;
    return waits ? { open: opened.resolve, done } : undefined;
  }

  /** Lets everything end. */
  async end(): Promise<void> {
    for (const { open } of this.running) open();
    await Promise.allSettled(this.running.map(({ done }) => done));
    await this.sites[0]!.huey.flush();
  }

  /** A rate limit that is not one of a task. */
  limit(site: Site, name: keyof typeof LIMITS): ReturnType<Huey["rateLimit"]> {
    return site.huey.rateLimit(name, LIMITS[name]);
  }

  #atGate(): Promise<void> | undefined {
    const gate = this.#gate;
    gate?.begun();
    return gate?.opened;
  }
}
