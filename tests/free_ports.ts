/**
 * Ports for the servers that tests start.
 * @module
 */
import { createServer } from "node:net";

const HOST = "127.0.0.1";
/** Below the ports that systems hand to outgoing connections, which might take a chosen one before the server does. */
const [LOWEST, HIGHEST] = [10_000, 32_000];

/**
 * Ports that nobody listens on, chosen at random, so that test files that run side by side hardly ever choose the same.
 * @param count How many, all different.
 * @returns The ports.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

/**
 * One such port.
 * @returns The port.
 */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const listener = createServer();
  listener.once("error", () => resolve(false));
  listener.listen(port, HOST, () => listener.close(() => resolve(true)));
  return promise;
}
