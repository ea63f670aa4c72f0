/** Ids, names and arguments that whoever writes to the storage chooses, in the log. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { SqliteHuey } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { Folder, terminated } from "./_folder.ts";

const SLOW = 60_000;
let folder: Folder;

beforeEach(() => {
  folder = new Folder();
  folder.module(
    "app.js",
    `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
     huey.task("check", (text) => {
       throw Object.assign(new Error("Not a valid address: " + text), { secretToken: "TOKEN123" });
     });`,
  );
});
afterEach(() => folder.end());

const IDS = [
  "x\n[2026-11-27 12:00:00,000] INFO:huey:MainThread:Task pay: 4711 executed in 0.1 s",
  "\x1b]0;title\x07\x1b[2J\x1b[31mred\u009b31m",
  "{*}-{error.secretToken}-{error.stack}-{",
];

/** Writes messages as somebody does who knows the storage, and not the library. */
async function write(): Promise<void> {
  const huey = new SqliteHuey("shop", { filename: join(folder.data, "shop.db"), logger: silent });
  const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const messages = IDS.map((id) => ({ id, data: encode({ v: 1, id, name: "check", args: ["\x1b[2K\rgone\n"] }) }));
  const unknown = { v: 1, id: "unknown", name: "no such {error.stack} \u009b31m\n[2026-11-27 12:00:00,001]", args: [] };
  await huey.storage.enqueue(
    [...messages, { id: "unknown", data: encode(unknown) }, {
      id: "junk\n[2026-11-27 12:00:00,002]",
      data: new Uint8Array([1]),
    }]
      .map((item) => ({ ...item, priority: 0, track: true })),
  );
  await huey.close();
}

for (const format of ["", "--simple", "--json"]) {
  test(`what others write stays on its line, steers no terminal and is no template ${format}`, async () => {
    await write();
    const program = folder.run(["-k", "greenlet", "-v", ...(format === "" ? [] : [format]), "app.js"]);
    await program.says("set aside as dead letter");
    await program.says("is not registered here");
    expect(await terminated(program)).toBe(0);
    const { text } = program;
    expect(text.split("\n").filter((line) => /^\s*\[2026-11-27 12/.test(line))).toEqual([]);
    expect([...text].filter((character) => character !== "\n" && /\p{Cc}/u.test(character))).toEqual([]);
    expect(text).not.toContain("TOKEN123");
    expect(text).toContain("{*}-{error.secretToken}-{error.stack}-{");
    if (format === "--json") {
      for (const line of text.trim().split("\n")) expect(typeof JSON.parse(line).message).toBe("string");
    }
  }, SLOW);
}
