/**
 * A gate in front of a server: passes connections on, holds the replies back, or cuts everything.
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./free_ports.ts";

const HOST = "127.0.0.1";

/** A port that leads to the server while the gate is open. */
export interface Gate {
  readonly port: number;
  /** From now on requests reach the server, and what it replies is kept. */
  hold(): void;
  /** Ends all connections, drops what was kept, and ends new connections at once. */
  cut(): void;
  /** Passes on what was kept, and everything else. */
  open(): void;
  close(): Promise<void>;
}

/** Opens a gate. @param target Port of the server */
export async function openGate(target: number): Promise<Gate> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  let state: "open" | "held" | "cut" = "open";
  let kept: (() => void)[] = [];
  const gate = createServer((client) => {
    if (state === "cut") return void client.destroy();
    const server = connect(target, HOST);
    for (const [from, to] of [[client, server], [server, client]] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    client.on("data", (chunk) => void server.write(chunk));
    server.on("data", (chunk) => {
      if (state === "held") kept.push(() => void client.write(chunk));
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => gate.listen(port, HOST, resolve));
  return {
    port,
    hold: () => void (state = "held"),
    cut: () => {
      state = "cut";
      kept = [];
      for (const socket of sockets) socket.destroy();
    },
    open: () => {
      state = "open";
      for (const pass of kept.splice(0)) pass();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => gate.close(() => resolve()));
    },
  };
}
