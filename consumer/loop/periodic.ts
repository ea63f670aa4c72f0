/**
 * Enqueues periodic tasks, look by look.
 * @module
 */
import { encodeItem } from "../../lib/core/codec.ts";
import type { Core } from "../../lib/core/core.ts";
import { resolveKeys } from "../../lib/control/keys.ts";
import { announceItems, announceMessage } from "../../lib/enqueue/announce.ts";
import { withEnqueueTime } from "../../lib/composition/link.ts";
import { aboutTask } from "../../lib/observe/tracing.ts";
import { describeMessage } from "../../lib/observe/logger.ts";
import type { Message } from "../../lib/message/message.ts";
import { enqueuePeriodic } from "../../lib/periodic/due.ts";
import type { PeriodicDefinition } from "../../lib/task/registry.ts";
import type { Enqueued, Item } from "../../lib/storage.ts";
import { makeMessage } from "../../lib/composition/call.ts";
import type { Logger } from "../../lib/types/options.ts";

/** The periodic tasks of one Huey. */
export class PeriodicTasks {
  readonly #core: Core;
  readonly #logger: Logger;
  #lookedMs: number | undefined;
  #nextMs: number | undefined = 0;

  /** @param sinceMs Slots after this time are due. Default: those that began just before the first look, or were missed. */
  constructor(core: Core, logger: Logger, sinceMs?: number) {
    this.#core = core;
    this.#logger = logger;
    this.#lookedMs = sinceMs;
  }

  /** When the next look is due; `undefined`: never. */
  get nextMs(): number | undefined {
    return this.#nextMs;
  }

  /** Enqueues what has become due since the last look. Rejects with what the storage throws; the look is then repeated. */
  async look(): Promise<void> {
    const toMs = this.#core.clock.now();
    const setBack = this.#lookedMs !== undefined && toMs < this.#lookedMs;
    if (!setBack && (this.#nextMs === undefined || toMs < this.#nextMs)) return;
    const messages = new Map<Item, Message>();
    const { enqueued, nextMs } = await enqueuePeriodic(this.#core, {
      fromMs: setBack ? toMs : this.#lookedMs,
      toMs,
      makeItem: async (definition) => {
        const message = await resolveKeys(this.#core, messageFor(definition, this.#core.clock.now()));
        const item = await encodeItem(this.#core, message);
        messages.set(item, message);
        return item;
      },
    });
    this.#lookedMs = toMs;
    this.#nextMs = nextMs;
    for (const { item, answer } of enqueued) await this.#announce(messages.get(item)!, item, answer);
  }

  async #announce(message: Message, item: Item, { duplicates, blocked, admitted }: Enqueued): Promise<void> {
    const holder = duplicates?.get(0);
    if (holder !== undefined) {
      return this.#logger.info(`Periodic task ${message.name} is not enqueued: ${holder} is still there`);
    }
    this.#logger.info(`Enqueued periodic task ${describeMessage(message)}`, { ...aboutTask(this.#core, message) });
    await announceMessage(this.#core, message, item, blocked?.has(0));
    await announceItems(this.#core, admitted);
  }
}

function messageFor(definition: PeriodicDefinition, nowMs: number): Message {
  return withEnqueueTime({ ...makeMessage(definition, []), periodic: true }, nowMs);
}
