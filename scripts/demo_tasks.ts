/**
 * The tasks of the demo: what is worth knowing of a file, and what follows from it.
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { SqliteHuey, type TaskWrapper } from "../mod.ts";

/** The queue: a SQLite file that the demo makes and removes. */
export const huey: SqliteHuey = new SqliteHuey("demo", { filename: process.env["HUEY_DEMO_DATABASE"] ?? "demo.db" });

/** What the first step finds out. */
export interface Measured {
  readonly path: string;
  readonly sha256: string;
  readonly lines: number;
  readonly bytes: number;
  readonly compressed: number;
}

/** What the second step adds. */
export interface Rated extends Measured {
  /** Share of the size that compression saves, in percent. */
  readonly saved: number;
}

/** Reads a file and measures it. */
export const measure: TaskWrapper<[path: string], Promise<Measured>> = huey.task(
  { name: "measure", retries: 1 },
  async (path: string) => {
    const content = await readFile(path);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const lines = content.reduce((count, byte) => byte === 0x0a ? count + 1 : count, 0);
    return { path, sha256, lines, bytes: content.length, compressed: gzipSync(content).length };
  },
);

/** Rates how well a file compresses. */
export const rate: TaskWrapper<[file: Measured], Rated> = huey.task("rate", (file: Measured) => {
  const saved = file.bytes === 0 ? 0 : 100 * (1 - file.compressed / file.bytes);
  return { ...file, saved: Math.max(0, Math.round(saved)) };
});
