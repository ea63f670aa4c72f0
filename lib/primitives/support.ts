/**
 * Says in one sentence that a runtime is too old, before anything fails for a reason that nobody understands. Each front door imports
 * it first. It stands alone, because its types are read by every program, also by one that has none of the runtime.
 * @module
 */
import process from "node:process";

if (typeof AsyncDisposableStack === "undefined") {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  const found = bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
  throw new Error(`Huey needs Bun 1.4, Deno 2.9, Node 24, or a later version of one of them: this is ${found}`);
}
