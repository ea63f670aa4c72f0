/** A pause reaches the workers of a consumer wherever they run. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { ConsumerInfo } from "../../mod.ts";
import { waitUntil } from "../helpers.ts";
import { Stage } from "./_program.ts";

const SLOW = 60_000;
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.end());

for (const type of ["greenlet", "thread", "process"]) {
  test(`workers of type ${type} claim nothing while the queue is paused, and start at once afterwards`, async () => {
    const { huey, tasks } = stage;
    stage.consume("-k", type, "-w", "2");
    expect(await (await tasks.add(1, 2)).get({ blocking: true })).toBe(3);
    await huey.pause();
    const held = await tasks.add(3, 4);
    expect((await huey.consumers())[0]).toMatchObject({ slots: 2, workerType: type, silent: false });
    // A second is enough for the news to reach everybody.
    await waitUntil(async () => await huey.latency() > 1.2);
    expect([(await held.state()).state, await huey.pendingCount()]).toEqual(["waiting", 1]);
    await huey.resume();
    expect(await held.get({ blocking: true, timeout: 5 })).toBe(7);
    await huey.pause({ until: 0.5 });
    expect(await (await tasks.add(5, 6)).get({ blocking: true, timeout: 5 })).toBe(11);
  }, SLOW);
}

test("a consumer that starts while the queue is paused says so, and a consumer that starts again heeds it too", async () => {
  const { huey, tasks } = stage;
  await huey.pause();
  const held = await tasks.add(1, 2);
  const program = stage.consume("-k", "greenlet");
  await program.says("is paused");
  await waitUntil(async () => await huey.latency() > 1.2);
  expect((await held.state()).state).toBe("waiting");
  await huey.resume();
  expect(await held.get({ blocking: true, timeout: 5 })).toBe(3);
}, SLOW);

for (const type of ["thread", "process"]) {
  test(
    `a consumer with workers of type ${type} tells how many of its slots are busy, also one that does not yield`,
    async () => {
      const { huey, tasks } = stage;
      const program = stage.consume("-k", type, "-w", "2", "--concurrency", "2", "--lease", "1", "--grace", "0");
      const waiting = await tasks.wait();
      await program.says("wait begins");
      await waitUntil(async () => (await huey.consumers())[0]?.busy === 1);
      const blocking = await tasks.block();
      await program.says("block begins");
      // On a busy machine a renewal of so short a lease may be late.
      let info: ConsumerInfo | undefined;
      await waitUntil(async () => ([info] = await huey.consumers()) && info?.busy === 2 && !info.silent);
      expect(info).toMatchObject({ slots: 4, workerType: type });
      expect((await huey.running()).map(({ id, consumer }) => [id, consumer])).toEqual([
        [waiting.id, info!.id],
        [blocking.id, info!.id],
      ]);
      expect((await huey.running())[0]!.worker).toMatch(/^Worker-\d/);
    },
    SLOW,
  );
}
