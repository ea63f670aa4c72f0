/**
 * A shop whose queue has something in every state, with a consumer that serves it.
 * @module
 */
import { chord, Consumer, crontab, every, type Huey, type HueyOptions } from "../../mod.ts";
import { waitForState } from "../../testing/mod.ts";
import { type DashboardServer, serveDashboard } from "../../dashboard/mod.ts";

/** The shop while it is open. */
export interface Shop {
  readonly huey: Huey;
  readonly server: DashboardServer;
  readonly consumer: Consumer;
  readonly ids: {
    readonly failed: string;
    readonly complete: string;
    readonly running: string;
    readonly scheduled: string;
    readonly chain: string;
  };
  /** Enqueues a task that waits, as the consumer is busy with others. */
  sendInvoice(invoice: number): Promise<string>;
  close(): Promise<void>;
}

function defineTasks(huey: Huey) {
  return {
    sendInvoice: huey.task("sendInvoice", (invoice: number, _to: string) => `Sent ${invoice}`),
    chargeCard: huey.task({ name: "chargeCard", timeout: 30 }, (cents: number, card: string): number => {
      if (card.startsWith("expired")) throw new RangeError(`The card of order ${cents} has expired`);
      return cents;
    }),
    resizeImage: huey.task({ name: "resizeImage", context: true }, async (context, _path: string, _width: number) => {
      await context.setProgress({ done: 3, total: 8 });
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
      context.signal.throwIfAborted();
    }),
    prepare: huey.task("prepareInvoices", (_cents: number) => {}),
    alarm: huey.task("alarm", (_error: unknown) => {}),
    report: huey.task("report", (values: readonly unknown[]) => values.length),
  };
}

/** Opens the shop. `make` gives the Huey. */
export async function openShop(make: (options: HueyOptions) => Huey): Promise<Shop> {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const huey = make({ name: "shop", logger });
  const { sendInvoice, chargeCard, resizeImage, prepare, alarm, report } = defineTasks(huey);
  huey.periodicTask("nightlyReport", crontab({ hour: 3, minute: 0 }), () => {});
  huey.periodicTask("syncInventory", every({ minutes: 5 }), () => {});
  const consumer = new Consumer(huey, { workers: 2, periodic: false });
  const complete = await sendInvoice(4711, "ada@example.org");
  const failed: string[] = [];
  for (let order = 1; order <= 12; order++) {
    failed.push((await chargeCard(order * 100, order % 3 === 0 ? "expired-1" : "expired-2")).id);
  }
  for (let invoice = 1; invoice <= 40; invoice++) await sendInvoice(invoice, "grace@example.org");
  await consumer.start();
  await consumer.waitFor("idle");
  const running = await resizeImage("/pictures/cat.png", 800);
  const other = await resizeImage("/pictures/dog.png", 800);
  await Promise.all([running.id, other.id].map((id) => waitForState(huey, id, "running", { timeout: 30 })));
  const scheduled = await sendInvoice.schedule({ args: [99, "ada@example.org"], delay: { hours: 2 } });
  const members = [sendInvoice.s(1, "ada@example.org"), sendInvoice.s(2, "ada@example.org")] as const;
  const chain = await huey.enqueue(chargeCard.s(1200, "visa").onError(alarm).andThen(prepare).andThen(chord(members, report)));
  const server = await serveDashboard(huey, { port: 0 });
  return {
    huey,
    server,
    consumer,
    ids: {
      failed: failed[0]!,
      complete: complete.id,
      running: running.id,
      scheduled: scheduled.id,
      chain: [...chain][0]!.id,
    },
    sendInvoice: async (invoice) => (await sendInvoice(invoice, "ada@example.org")).id,
    async close() {
      await server.close();
      await consumer.stop({ graceful: false, grace: 0 });
      await huey.close();
    },
  };
}
