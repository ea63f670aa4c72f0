/** One connection that comes back by itself: how long it is waited for. */
import { describe, expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { StorageError } from "../../lib/errors.ts";
import type { Dial, RedisConnection } from "../../storage/redis/connection/dial.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { Link } from "../../storage/redis/connection/link.ts";
import { TestClock } from "../../testing/clock.ts";
import { freePort } from "../free_ports.ts";

const HOST = "127.0.0.1";

/** A connection that is there when the network says so. */
function dialer(port: number): Dial {
  const opened: Socket[] = [];
  return () => {
    const connection = {
      isReady: true,
      on: () => connection,
      sendCommand: () => Promise.resolve("PONG"),
      subscribe: () => Promise.resolve(),
      destroy: () => opened.forEach((socket) => socket.destroy()),
      connect: () =>
        new Promise((resolve, reject) => {
          const socket = connect(port, HOST, () => resolve(undefined));
          socket.on("error", reject);
          opened.push(socket);
        }),
    };
    return Promise.resolve(connection as RedisConnection);
  };
}

describe("waiting for a connection", () => {
  test("a task that keeps the event loop busy does not make the server unreachable", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const link = new Link({ dial: dialer((server.address() as { port: number }).port), place: "here", clock: systemClock });
    const ready = link.ready(1000);
    for (const start = performance.now(); performance.now() - start < 1100;);
    await ready;
    expect(await link.send(["PING"])).toBe("PONG");
    link.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test("a server that is not there is unreachable after the time", async () => {
    const link = new Link({ dial: dialer(await freePort()), place: "there", clock: systemClock });
    const error = await link.ready(200).catch((reason) => reason);
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toContain("there cannot be reached");
    link.close();
  });
});

describe("a server that does not answer", () => {
  /** @returns after how many seconds the connection is given up */
  async function patience(args: readonly (string | Buffer)[]): Promise<number> {
    const connection = { on: () => connection, sendCommand: () => new Promise(() => {}), connect: () => Promise.resolve() };
    const clock = new TestClock(0);
    const dial = () => Promise.resolve({ ...connection, destroy: () => {} } as unknown as RedisConnection);
    const link = new Link({ dial, place: "here", clock });
    await link.ready();
    link.send(args);
    let seconds = 0;
    for (; link.isReady; seconds++) clock.moveTo(clock.now() + 1000);
    link.close();
    return seconds;
  }

  test("is given up, and has longer for what is large", async () => {
    expect(await patience(["PING"])).toBe(5);
    expect(await patience(["SET", Buffer.alloc(1000)])).toBe(5);
    expect(await patience(["SET", ...Array.from({ length: 32 }, () => Buffer.alloc(256 * 1024))])).toBe(14);
  });
});
