/** Digests of files, with progress. See README.md. */
import { createHash } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { Consumer, SqliteHuey } from "@hueyjs/huey";

export const huey: SqliteHuey = new SqliteHuey({ name: "digests", filename: "digests.db" });

const PIECE = 64 * 1024;

/** The SHA-256 of a file, read in pieces, so that a large one can be watched and canceled. */
const digest = huey.task(
  { name: "digest", context: true, timeout: { minutes: 10 }, concurrency: 2 },
  async (context, path: string) => {
    const { size } = await stat(path);
    const hash = createHash("sha256");
    const file = await open(path);
    try {
      for (let done = 0; done < size;) {
        context.signal.throwIfAborted();
        const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE), 0, PIECE, done);
        if (bytesRead === 0) break; // it became shorter meanwhile
        hash.update(buffer.subarray(0, bytesRead));
        done += bytesRead;
        await context.setProgress({ done, size });
      }
    } finally {
      await file.close();
    }
    return { path, sha256: hash.digest("hex") };
  },
);

if (import.meta.main) {
  const folder = process.argv[2] ?? new URL(".", import.meta.url).pathname;
  await using consumer = new Consumer(huey, { workers: 4 });
  await consumer.start();
  const names = (await readdir(folder)).filter((name) => name.endsWith(".ts")).sort();
  const results = await digest.map(names.map((name) => join(folder, name)));
  for (const [index, { sha256 }] of (await results.get({ blocking: true, timeout: 60 })).entries()) {
    console.log(names[index], sha256.length === 64 ? "has a digest" : "has none");
  }
  const { done, size } = await [...results][0]!.progress() as { done: number; size: number };
  console.log("progress at the end:", done === size ? "all of it" : `${done} of ${size}`);
}
