/** The storage contract for files. @module */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStorage } from "../../storage/file/front.ts";
import { testStorage } from "../../testing/contract/suite.ts";

/** A new one for each case. */
let path: string | undefined;

const open = (options: { name: string }): FileStorage =>
  new FileStorage({ ...options, path: path ??= mkdtempSync(join(tmpdir(), "huey-file-")) });

testStorage("FileStorage", open, { describe, test, expect }, {
  // Making thousands of files takes long on some file systems, right after others were deleted.
  timeoutMs: 40_000,
  afterEach: () => {
    rmSync(path!, { recursive: true });
    path = undefined;
  },
});
