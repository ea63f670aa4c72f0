/**
 * The health endpoint of a consumer: `/live`, `/ready` and `/health` over HTTP.
 * @module
 */
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { coreOf } from "../lib/core.ts";
import { ConfigurationError } from "../lib/errors.ts";
import type { Consumer } from "./consumer.ts";
import { checkQueue } from "./queue_health.ts";
import type { QueueHealth } from "./queue_health.ts";
import { vitalsOf } from "./vitals.ts";

/** Where it listens. */
export interface HealthAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** How long the storage may take to answer. */
const LIMIT_MS = 1000;
const OK = 200;
const NOT_FOUND = 404;
const NOT_ALLOWED = 405;
const UNAVAILABLE = 503;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers for all consumers of the process. */
export class HealthServer {
  readonly #consumers: readonly Consumer[];
  readonly #server: Server;

  constructor(consumers: readonly Consumer[]) {
    this.#consumers = consumers;
    this.#server = createServer((request, response) => {
      void this.#answer(request.method ?? "GET", request.url ?? "/").then((answer) => send(response, answer));
    });
  }

  /**
   * Listens.
   *
   * @returns its URL
   * @throws {ConfigurationError} If the address cannot be had.
   */
  async start({ host, port }: HealthAddress): Promise<string> {
    const listening = Promise.withResolvers<void>();
    this.#server.once("error", (error) => {
      listening.reject(
        new ConfigurationError(`The health endpoint cannot listen at ${host}, port ${port}: ${error.message}`, {
          cause: error,
        }),
      );
    });
    this.#server.listen(port, host, () => listening.resolve());
    await listening.promise;
    const address = this.#server.address() as AddressInfo;
    return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
  }

  /** Listens no more, and drops the connections that are open. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(method: string, url: string): Promise<Answer> {
    if (method !== "GET" && method !== "HEAD") return { status: NOT_ALLOWED, body: { error: "Use GET" } };
    const path = url.split("?")[0];
    if (path === "/live") return this.#live();
    if (path === "/ready") return await this.#ready();
    if (path === "/health") return await this.#health();
    return { status: NOT_FOUND, body: { error: "There are /live, /ready and /health" } };
  }

  /** While it starts or stops there is nothing to complain about. */
  #live(): Answer {
    const live = this.#consumers.every((consumer) => vitalsOf(consumer)?.turns ?? true);
    return { status: live ? OK : UNAVAILABLE, body: { live } };
  }

  async #ready(): Promise<Answer> {
    const { ready } = await this.#look();
    return { status: ready ? OK : UNAVAILABLE, body: { ready } };
  }

  async #health(): Promise<Answer> {
    const { ready, queues } = await this.#look();
    const { live } = this.#live().body as { live: boolean };
    const healthy = live && ready;
    return { status: healthy ? OK : UNAVAILABLE, body: { healthy, live, ready, queues } };
  }

  async #look(): Promise<{ ready: boolean; queues: QueueHealth[] }> {
    const queues = await Promise.all(this.#consumers.map(({ huey }) => checkQueue(coreOf(huey)!, LIMIT_MS)));
    const started = this.#consumers.every((consumer) => vitalsOf(consumer)?.started === true);
    // Not only while the lease is valid: it is renewed some time after an outage.
    return { ready: started && queues.every(({ waiting }) => waiting !== undefined), queues };
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}
