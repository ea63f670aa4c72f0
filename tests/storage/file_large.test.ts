/** Large values, which have files of their own: such as are not whole, and such as look like a reference. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { bytes, claim, ids, item, text } from "../../testing/contract/helpers.ts";
import { Place } from "./_file_fixture.ts";

let place: Place;
beforeEach(() => void (place = new Place()));
afterEach(() => place.remove());

describe("a large value that is not whole", () => {
  const damages: Record<string, (file: string) => void> = {
    "gone": (file) => rmSync(file),
    "empty": (file) => truncateSync(file, 0),
    "cut off": (file) => truncateSync(file, 5000),
    "changed": (file) => writeFileSync(file, "y".repeat(10_000)),
    "longer": (file) => appendFileSync(file, "x"),
  };

  for (const [name, damage] of Object.entries(damages)) {
    test(`${name}: a value is not there, a message is handed out as it is, and both can be written again`, async () => {
      const storage = place.open();
      const large = bytes("x".repeat(10_000));
      await storage.enqueue([item("a", { data: large }), item("b")]);
      await storage.data.put("key", large);
      await storage.enqueue([item("c")]);
      damage(place.files("large")[0]!);
      const other = place.open();
      expect(await other.data.peek("key")).toBeUndefined();
      const [a, b, c] = await claim(other, 5);
      expect(ids([a!, b!, c!])).toEqual(["a", "b", "c"]);
      expect(text(a!.data)).not.toBe(text(large));
      await other.data.put("key", large);
      expect(text(await storage.data.peek("key"))).toBe(text(large)!);
    });
  }

  test("bytes that look like a reference are stored as they are", async () => {
    const storage = place.open();
    const large = bytes("x".repeat(10_000));
    await storage.enqueue([item("a", { data: large })]);
    const log = readFileSync(place.log);
    const at = log.indexOf("\0huey large value ");
    const reference = Uint8Array.from(log.subarray(at, at + 99));
    await storage.data.put("reference", reference);
    await storage.enqueue([item("b", { data: reference })]);
    const magic = Uint8Array.from(log.subarray(0, 8));
    await storage.data.put("magic", magic);
    for (const one of [storage, place.open()]) {
      expect(await one.data.peek("reference")).toEqual(reference);
      expect((await one.pending())[1]!.data).toEqual(reference);
      expect(await one.data.peek("magic")).toEqual(magic);
      expect((await one.data.entries()).get("magic")).toEqual(magic);
    }
    expect(await storage.data.deleteIfEqual("reference", large)).toBe(false);
    expect(await storage.data.deleteIfEqual("reference", reference)).toBe(true);
  });

  test("large values are compared by what they are", async () => {
    const storage = place.open();
    const [x, y] = [bytes("x".repeat(10_000)), bytes("y".repeat(10_000))];
    await storage.data.put("key", x);
    expect(await storage.data.replaceIfEqual("key", y, x)).toBe(false);
    expect(await storage.data.replaceIfEqual("key", x.slice(), y)).toBe(true);
    expect(await storage.data.putIfEmpty("key", x)).toBe(false);
    expect(await storage.data.deleteIfEqual("key", x)).toBe(false);
    expect(await storage.data.deleteIfEqual("key", y.slice())).toBe(true);
    expect(await storage.data.has("key")).toBe(false);
  });
});
