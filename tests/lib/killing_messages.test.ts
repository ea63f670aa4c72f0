/** A message that kills whoever decodes it is not decoded for ever. @module */
import { expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { announceRecovered } from "../../lib/execution/end_claims.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { group } from "../../lib/composition/group.ts";
import { claim, memory, work } from "../helpers.ts";

class CountingSerializer extends Serializer {
  decoded = 0;
  override deserialize(data: Uint8Array): unknown {
    this.decoded++;
    return super.deserialize(data);
  }
}

/** Takes an item as a consumer that dies. */
async function die(huey: Huey, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    expect((await claim(huey, 1, { consumer: "dead", worker: "w" })).claims.length).toBe(1);
    await huey.storage.recover({ consumer: "dead" });
  }
}

test("a message that was lost after its last delivery too is set aside without being decoded", async () => {
  const serializer = new CountingSerializer();
  const huey = memory({ maxDeliveries: 3, serializer });
  let runs = 0;
  const { id } = await huey.task("task", () => ++runs)();
  await die(huey, 4);
  serializer.decoded = 0;
  await work(huey);
  expect([runs, serializer.decoded, await huey.pendingCount()]).toEqual([0, 0, 0]);
  const [letter] = await huey.deadLetters();
  expect([letter!.taskId, letter!.reason]).toEqual([id, expect.stringContaining("handed out 4 times")]);
  // Put back, it begins anew.
  await huey.requeueDeadLetter(letter!.id);
  await work(huey);
  expect(runs).toBe(1);
});

test("one that was lost after its last delivery is not decoded for those who listen to recoveries", async () => {
  const serializer = new CountingSerializer();
  const huey = memory({ maxDeliveries: 3, serializer });
  let heard = 0;
  huey.signal("recovered", () => void heard++);
  await huey.task("task", () => 1)();
  await die(huey, 3);
  await claim(huey, 1, { consumer: "dead", worker: "w" });
  await announceRecovered(coreOf(huey)!, await huey.storage.recover({ consumer: "dead" }));
  expect([serializer.decoded, heard]).toEqual([0, 0]);
});

test("its reader and its chord learn of it", async () => {
  const huey = memory({ maxDeliveries: 3 });
  const one = huey.task("one", (n: number) => n);
  const seen: unknown[] = [];
  const all = huey.task("all", (values: unknown[]) => void seen.push(...values));
  const { results } = await huey.enqueue(group([one.s(1), one.s(2)]).andThen(all));
  await die(huey, 4);
  await work(huey);
  await expect([...results][0]!.get({ blocking: true })).rejects.toThrow("handed out 4 times");
  expect(seen).toEqual([expect.any(Error), 2]);
});
