/**
 * Makes the end of an isolate by `process.exit` known: Deno ends a Web Worker without a word to those who wait for it.
 * @module
 */
import process from "node:process";

interface Exits {
  close?(): void;
  Deno?: { exit: (code?: number) => never };
}

/**
 * Calls back before this isolate is ended by `process.exit`, `Deno.exit` or `close`.
 *
 * @param tell Told of the exit code.
 */
export function interceptExit(tell: (code: number) => void): void {
  const scope = globalThis as Exits;
  const exit = process.exit.bind(process);
  const close = scope.close?.bind(globalThis);
  const leave = (code?: number | string | null): never => {
    tell(Number(code ?? process.exitCode ?? 0));
    if (close === undefined) exit(Number(code ?? 0));
    close?.();
    // What follows the call must not run; the isolate ends when this has been thrown.
    throw new Error(`process.exit(${code ?? ""}) was called`);
  };
  process.exit = leave;
  if (scope.Deno !== undefined) scope.Deno.exit = leave;
  if (close !== undefined) scope.close = () => leave(0);
}
