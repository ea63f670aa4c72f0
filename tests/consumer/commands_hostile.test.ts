import { expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { Consumer, MemoryHuey } from "../../mod.ts";
import { bytes, item, lease, LONG_MS } from "../../testing/contract/helpers.ts";
import { lookAtEverything } from "../faults/onlookers.ts";
import { silent } from "../helpers.ts";

/** Empties the terminal, sets its title, writes over its lines, and turns their direction. */
const EVIL = "\u001b[2J\u001b]0;title\u0007\rOVER\n[2026-11-27] forged\u009b31m\u202e\u2028\0";

test("commands print names, ids, arguments, errors, steps, tags, consumers and reasons of strangers as text", async () => {
  const huey = new MemoryHuey(`shop${EVIL}`, { logger: silent });
  const evil = huey.task({ name: `fails${EVIL}`, context: true }, async (context, _value: unknown) => {
    await context.setProgress({ [EVIL]: EVIL });
    await context.step(`step ${EVIL}`, () => EVIL);
    throw Object.assign(new Error(EVIL, { cause: EVIL }), { name: EVIL, stack: `${EVIL}\n at ${EVIL}` });
  });
  const fine = huey.task(`fine${EVIL}`, () => ({ [EVIL]: [EVIL] }));
  const given = { meta: { [`tag${EVIL}`]: EVIL } };
  const ids = [
    (await evil.with({ id: `bad ${EVIL}`, ...given })({ [EVIL]: EVIL })).id,
    (await fine.with({ id: `good ${EVIL}` })()).id,
  ];
  const consumer = new Consumer(huey, { workers: 1, periodic: false });
  await consumer.start();
  await consumer.waitFor("idle");
  await consumer.stop();
  ids.push(
    (await fine.with({ id: `waits ${EVIL}`, ...given })()).id,
    (await fine.schedule({ delay: 1000, id: `late ${EVIL}` })).id,
  );
  const { storage } = coreOf(huey)!;
  for (const about of [EVIL, JSON.stringify({ version: EVIL, runtime: EVIL, workerType: EVIL, slots: EVIL }), "[]"]) {
    await storage.renewLease({ ...lease(`c${EVIL}${about.length}`), host: EVIL, about, ttlMs: LONG_MS });
  }
  await storage.enqueue([item(`unreadable ${EVIL}`), item(`gated ${EVIL}`, { gate: { key: EVIL, limit: 1 } })]);
  const { claims: [claim] } = await storage.claim(1, { consumer: EVIL, worker: EVIL });
  const bury = {
    id: `L${EVIL}`,
    kind: "unreadable" as const,
    reason: EVIL,
    atMs: 5,
    data: bytes(EVIL),
    taskId: EVIL,
    taskName: EVIL,
  };
  await storage.settle({ claim, id: claim!.id, ending: "dead", noticeTtlMs: LONG_MS, bury, about: EVIL });
  await storage.claim(1, { consumer: EVIL, worker: EVIL });
  await storage.count(
    [{ step: "minute", atMs: Date.now(), taskName: EVIL, sums: { [EVIL]: 1, failed: 2 }, maxima: { run: 5 } }],
    [bytes(EVIL)],
    { minuteAgeMs: LONG_MS, hourAgeMs: LONG_MS, recent: 9 },
  );
  ids.push(...(await storage.deadLetters()).map(({ id }) => id), EVIL, "__proto__", "nothing");
  expect(await lookAtEverything(huey, ids)).toEqual([]);
});
