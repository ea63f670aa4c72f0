/** The storage contract for files. @module */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStorage } from "../../storage/file/front.ts";
import { Context, type Harness } from "../contract/context.ts";
import { integerPriorityCases } from "../contract/priorities.ts";
import { storageContract } from "../contract/suite.ts";

const harness: Harness = {
  // Its priorities are registered below: it has no negative ones.
  priorities: "none",
  // Making thousands of files takes long on some file systems, right after others were deleted.
  timeoutMs: 40_000,
  newStore: () => {
    const path = mkdtempSync(join(tmpdir(), "huey-file-"));
    return {
      open: (name = "contract") => new FileStorage({ name, path }),
      remove: () => rmSync(path, { recursive: true }),
    };
  },
};

storageContract("FileStorage", harness);

describe("FileStorage > priorities from 0 to 65535", () => {
  const outOfRange = ["negative priorities run after 0", "large numbers keep their order"];
  let contexts: Context[];
  beforeAll(() => void (contexts = []));
  afterAll(async () => {
    for (const context of contexts) await context.end();
  });

  for (const [name, run] of Object.entries(integerPriorityCases)) {
    if (outOfRange.includes(name)) continue;
    test(name, async () => {
      const context = new Context(harness, await harness.newStore());
      contexts.push(context);
      await run(context);
    });
  }
});
