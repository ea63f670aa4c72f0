import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { inspect } from "node:util";
import { coreOf } from "../../lib/core/core.ts";
import { checkQueue } from "../../consumer/health/queue_health.ts";
import { RedisHuey } from "../../mod.ts";
import { logbook, silent } from "../helpers.ts";

const SECRET = "TopSecretPw";
let server: Server | undefined;

afterEach(() => void server?.close());

/** A server that knows no login, and says so as Redis does. @returns its port */
async function tellingServer(): Promise<number> {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data: Uint8Array) => {
      const parts = new TextDecoder().decode(data).split("\r\n").filter((part) => part !== "" && !/^[$*]/.test(part));
      // It cuts them, so that a part of the password may be left.
      const args = parts.slice(1).map((part) => `'${part}'`).join(" ").slice(0, 128);
      if (/^(AUTH|HELLO)$/i.test(parts[0]!)) {
        socket.write(`-ERR unknown command '${parts[0]}', with args beginning with: ${args}\r\n`);
      } else socket.write("+OK\r\n");
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** What can be seen of a Huey and of the error of its first call. */
async function seenOf(options: Record<string, unknown>): Promise<string> {
  try {
    const huey = new RedisHuey("q", { logger: silent, ...options });
    const text = inspect(huey, { depth: 9, showHidden: true }) + JSON.stringify(huey) + huey.storage.place;
    const error = await huey.put("a", 1).then(() => undefined, (error) => error);
    const { reason } = await checkQueue(coreOf(huey)!, 5000);
    await huey.close();
    return `${text} ${inspect(error, { depth: 9, showHidden: true })} ${error?.stack} ${reason}`;
  } catch (error) {
    return `${inspect(error, { depth: 9, showHidden: true })} ${(error as Error).stack}`;
  }
}

describe("a password", () => {
  test("is not told by a server that does not know the command of the login", async () => {
    const port = await tellingServer();
    const given = [
      { url: `redis://u:${SECRET}@127.0.0.1:${port}/0` },
      { url: `redis://u:Top%53ecretPw@127.0.0.1:${port}/0` },
      { url: `redis://${SECRET}@127.0.0.1:${port}/0` },
      { host: "127.0.0.1", port, password: SECRET },
      { host: "127.0.0.1", port, clientOptions: { password: SECRET } },
      { host: "127.0.0.1", port, password: SECRET, clientOptions: { RESP: 3 } },
      { host: "127.0.0.1", port, password: SECRET.repeat(20), username: "somebody" },
    ];
    for (const seen of await Promise.all(given.map(seenOf))) {
      expect(seen).toContain("does not know the command of a login");
      expect(seen).not.toContain("SecretPw");
    }
  }, 60_000);

  // What is shown of the login in a URL that cannot be used.
  const SHAPES = [
    ...["redis://u:TopSecretPw@127.0.0.1:1/0", "rediss://:TopSecretPw@127.0.0.1:1", "redis://u:TopSecretPw@127.0.0.1:1/abc"],
    ...["redis://u:Top%ZZSecretPw@127.0.0.1:1", "redis://u:TopSecretPw@127.0.0.1:99999", "http://u:TopSecretPw@h"],
    ...["redis://u:TopSecretPw@", "redis:u:TopSecretPw@h", "unix://u:TopSecretPw@/run/none.sock"],
    ...["unix:///run/none.sock?db=1&password=TopSecretPw", "redis://u:Top/SecretPw@127.0.0.1:1"],
    ...["redis://u:Top#SecretPw@127.0.0.1:1", "redis://u:Top?SecretPw@127.0.0.1:1", "redis://u:Top SecretPw@127.0.0.1:1"],
    ...["redis://u:Top,SecretPw@127.0.0.1:1", "redis://TopSecretPw@127.0.0.1:1", "redis://u:Top@SecretPw@127.0.0.1:1"],
    ...["redis://[::1]:1/?password=TopSecretPw", "unix://u:Top/SecretPw@/run/none.sock", "REDIS://u:TopSecretPw@127.0.0.1:1"],
  ];
  test("in a URL of any shape is in no error and in nothing that is printed", async () => {
    const seen = await Promise.all(SHAPES.map(async (url) => [url, /.{0,40}SecretPw/.exec(await seenOf({ url }))?.[0]]));
    expect(seen.filter(([, leak]) => leak !== undefined)).toEqual([]);
  }, 60_000);

  test("is in no line of any logger", async () => {
    const { logger, lines } = logbook();
    const huey = new RedisHuey("q", { url: "redis://u:Line-Secret@127.0.0.1:1", logger });
    const error = new TypeError("no Line-Secret", { cause: new Error("inner Line-Secret") });
    coreOf(huey)!.logger.error("Failed with Line-Secret", { error, place: "at Line-Secret" });
    const harmless = new Error("harmless");
    coreOf(huey)!.logger.error("Failed", { error: harmless });
    expect(lines.map(({ message }) => message)).toEqual(["Failed with ***", "Failed"]);
    const [told, other] = lines.map(({ properties }) => properties!);
    expect(told!.place).toBe("at ***");
    expect(inspect(told!.error)).toContain("no ***");
    expect(inspect(told!.error, { depth: 9, showHidden: true })).not.toContain("Line-Secret");
    expect(error.message).toBe("no Line-Secret");
    expect(other!.error).toBe(harmless);
    await huey.close();
  });
});

test("the place of a storage names server and database, and no login", () => {
  const placeOf = (options: object): string | undefined => new RedisHuey("q", { logger: silent, ...options }).storage.place;
  expect(placeOf({})).toBe("localhost:6379, database 0");
  expect(placeOf({ host: "h", port: 1, db: 3 })).toBe("h:1, database 3");
  expect(placeOf({ url: "rediss://u:p@h:7/4" })).toBe("h:7, database 4");
  expect(placeOf({ url: "unix://u:p/w@/run/r.sock?db=2" })).toBe("/run/r.sock, database 2");
  expect(placeOf({ clientOptions: { url: "redis://u:p@inner:9/6" } })).toBe("inner:9, database 6");
  expect(placeOf({ port: 2, clientOptions: { socket: { host: "inner", port: 3 }, database: 7 } })).toBe("inner:2, database 7");
  const client = { duplicate: () => ({}), options: { url: "redis://u:p@h:8/5" } };
  expect(placeOf({ client })).toBe("h:8, database 5");
  expect(placeOf({ client: { duplicate: () => ({}) } })).toBe("the given client's address, database 0");
});
