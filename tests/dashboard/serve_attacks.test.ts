/** What a stranger could try at the server of a dashboard, before any request is answered. @module */
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "bun:test";
import { MemoryHuey } from "../../mod.ts";
import { type DashboardServer, serveDashboard } from "../../dashboard/mod.ts";
import { Connections } from "../../dashboard/connections.ts";
import { TestClock } from "../../testing/clock.ts";
import { until } from "../../testing/contract/context.ts";
import { keptLog } from "./_visitor.ts";

describe("the server of its own", () => {
  const servers: DashboardServer[] = [];
  afterEach(async () => void await Promise.all(servers.splice(0).map((server) => server.close())));

  async function serve(): Promise<number> {
    const server = await serveDashboard(new MemoryHuey("shop", { logger: keptLog() }), { port: 0 });
    servers.push(server);
    return Number(new URL(server.url).port);
  }

  test("takes nothing in Host for a path", async () => {
    const port = await serve();
    for (const host of ["localhost/login?", "localhost/assets/style.css?x=", "localhost#", "a b", "localhost:80@x"]) {
      const answer = await new Promise<string>((resolve) => {
        let text = "";
        const socket = connect(
          port,
          "127.0.0.1",
          () => socket.write(`GET /q/shop/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
        );
        socket.on("data", (data) => text += data).on("close", () => resolve(text)).on("error", () => resolve(text));
      });
      expect([host, /^HTTP\/1.1 400/.test(answer)]).toEqual([host, true]);
    }
  });

  test("serves while a thousand slow clients ask for nothing, and keeps no more than 300 of them", async () => {
    const port = await serve();
    let open = 0;
    const sockets = Array.from({ length: 1000 }, () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {}).on("close", () => open--);
      socket.on("connect", () => {
        open++;
        socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ");
      });
      return socket;
    });
    await Promise.all(
      sockets.map((socket) => new Promise<void>((resolve) => socket.on("connect", resolve).on("close", resolve))),
    );
    const response = await fetch(`http://127.0.0.1:${port}/q/shop/`);
    expect([response.status, (await response.text()).length > 1000]).toEqual([200, true]);
    await until(() => Promise.resolve(open <= 301));
    for (const socket of sockets) socket.destroy();
  }, 60_000);

  test("drops who takes too long to ask, to read, or to ask again, and leaves streams", () => {
    const clock = new TestClock(0);
    const connections = new Connections(clock);
    const made = (name: string) => ({
      name,
      dropped: false,
      on: () => {},
      destroy(): void {
        this.dropped = true;
      },
    });
    const all = ["asks", "reads", "again", "stream", "new"].map(made);
    const [asks, reads, again, stream, fresh] = all as unknown as Parameters<Connections["add"]>[0][];
    for (const socket of [asks!, reads!, again!, stream!]) connections.add(socket);
    connections.answers(reads!, false);
    connections.answers(stream!, true);
    clock.moveTo(10_000);
    connections.add(fresh!);
    connections.answers(again!, false);
    connections.ended(again!);
    const dropped = (): string[] => all.filter((socket) => socket.dropped).map(({ name }) => name);
    clock.moveTo(16_000);
    expect(dropped()).toEqual(["asks"]);
    clock.moveTo(26_000);
    expect(dropped()).toEqual(["asks", "again", "new"]);
    clock.moveTo(3_600_000);
    expect(dropped()).toEqual(["asks", "reads", "again", "new"]);
    connections.close();
    expect(dropped().length).toBe(5);
  });
});
