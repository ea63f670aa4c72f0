import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Consumer } from "../../consumer/consumer.ts";
import type { ConsumerOptions } from "../../consumer/consumer.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import { failure } from "../helpers.ts";
import { APP, Stage } from "./_program.ts";

const SLOW = 60_000;
let stage: Stage;
let consumer: Consumer | undefined;

beforeEach(() => {
  stage = new Stage();
  process.env.HUEY_TEST_FILE = stage.file;
});
afterEach(async () => {
  await consumer?.stop({ graceful: false, grace: 0 });
  consumer = undefined;
  await stage.end();
});

for (const workerType of ["thread", "process"] as const) {
  describe(`Consumer with workers of type ${workerType}`, () => {
    async function start(options: ConsumerOptions = {}): Promise<Consumer> {
      consumer = new Consumer(stage.huey, { workerType, module: APP, ...options });
      await consumer.start();
      return consumer;
    }

    test("is idle when everything is done, also while workers are replaced", async () => {
      const results = await stage.tasks.add.map(Array.from({ length: 50 }, (_, index) => [index, 1]));
      const running = await start({ workers: 2, concurrency: 3, maxTasks: 20 });
      await running.waitFor("idle");
      expect(await stage.huey.pendingCount()).toBe(0);
      expect((await results.get()).filter((value) => value === undefined)).toEqual([]);
      await running.stop();
      expect(await stage.huey.storage.leases()).toEqual([]);
    }, SLOW);

    test("aborts a running task that is revoked here", async () => {
      await start();
      const result = await stage.tasks.obey();
      while (await result.progress() !== "begun") await new Promise((resolve) => setTimeout(resolve, 5));
      await result.revoke();
      const error = await failure(result.get({ blocking: true }));
      expect(error.message).toContain("revoked");
      expect(await stage.huey.pendingCount()).toBe(0);
    }, SLOW);

    test("fails to start when its module does, or is for another queue", async () => {
      const other = join(stage.folder, "other.js");
      writeFileSync(other, `export const huey = { [Symbol.for("@hueyjs/huey.core")]: { settings: { name: "other" } } };`);
      const broken = join(stage.folder, "broken.js");
      writeFileSync(broken, `throw new Error("on purpose");`);
      const refused = await failure(start({ module: other }));
      expect(refused).toBeInstanceOf(ConfigurationError);
      expect(refused.message).toContain('exports the Huey "other", but the consumer is for "tests"');
      expect((await failure(start({ module: broken }))).message).toContain("on purpose");
      expect(await stage.huey.storage.leases()).toEqual([]);
    }, SLOW);
  });
}
