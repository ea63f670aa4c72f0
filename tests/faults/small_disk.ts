/**
 * A disk that a test can fill. Needs the right to mount a file system.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Whether this process may mount one. */
export const canMount: boolean = process.platform === "linux" && process.getuid?.() === 0;

/** A disk of eight megabytes, in memory, with a folder for a queue. */
export class SmallDisk {
  readonly path: string = mkdtempSync(join(tmpdir(), "huey-disk-"));

  /** The folder. */
  get queue(): string {
    return join(this.path, "queue");
  }

  constructor() {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", this.path]);
    mkdirSync(this.queue);
  }

  /** Takes all the space that is left. */
  fill(): void {
    const block = new Uint8Array(4096);
    for (let number = 0;; number++) {
      try {
        writeFileSync(join(this.path, "filler"), block, { flag: "a" });
      } catch (error) {
        if ((error as { code?: string }).code !== "ENOSPC") throw error;
        return;
      }
    }
  }

  /** There is room again. */
  free(): void {
    rmSync(join(this.path, "filler"), { force: true });
  }

  /** Takes it away, whoever still uses it. */
  end(): void {
    execFileSync("umount", ["-l", this.path]);
    rmSync(this.path, { recursive: true });
  }
}
