/** The storage that docs/writing_a_storage.md explains: it keeps the contract, and the page shows it as it is. @module */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { MapStorage } from "../../examples/storage/map_storage.ts";
import { Huey } from "../../lib/huey/huey.ts";
import { testStorage } from "../../testing/mod.ts";

testStorage("MapStorage", (options) => new MapStorage(options), { describe, test, expect });

/** Without indentation, which the page takes away. */
function flat(code: string): string {
  return code.split("\n").map((line) => line.trim()).filter((line) => line !== "").join("\n");
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

describe("docs/writing_a_storage.md", () => {
  test("shows the example as it is", () => {
    const page = read("docs/writing_a_storage.md");
    const parts = [...page.matchAll(/```ts ignore: a part of (examples\/storage\/\w+\.ts)\n(.*?)```/gs)];
    expect(parts.length).toBeGreaterThan(5);
    for (const [, path, part] of parts) expect(flat(read(path!)).includes(flat(part!)) ? "" : `${path}: ${part}`).toBe("");
  });

  test("tells its length", () => {
    const source = flat(read("examples/storage/map_storage.ts"));
    const code = source.split("\n").filter((line) => !/^(\/\/|\/\*|\*)/.test(line));
    expect(code.length).toBeLessThan(300);
  });

  test("carries a Huey", async () => {
    const huey = new Huey({ storage: (name, clock) => new MapStorage({ name, clock }) });
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    expect((await huey.pending()).map(({ name, args }) => [name, ...args])).toEqual([["add", 1, 2]]);
    await huey.close();
  });
});
