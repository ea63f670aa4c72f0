/**
 * The health endpoint of a consumer: `/live`, `/ready`, `/health` and `/metrics` over HTTP.
 * @module
 */
import { coreOf } from "../../lib/core/core.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { withoutSecrets } from "../../lib/primitives/secrets.ts";
import type { Logger } from "../../lib/types/options.ts";
import { type Consumer, healthOf } from "../consumer.ts";
import { lookAtGauges } from "./gauges.ts";
import { countForMetrics, metricsText } from "./metrics.ts";
import type { QueueMetrics } from "./metrics.ts";
import { PROMETHEUS_TYPE } from "./prometheus.ts";
import { checkQueue, LATE } from "./queue_health.ts";
import type { QueueHealth } from "./queue_health.ts";
import { isLoopback } from "../../lib/primitives/access.ts";
import { isOwnHost } from "./http_head.ts";
import type { HttpRequest } from "./http_head.ts";
import { SmallHttpServer } from "./small_http.ts";
import type { HttpAnswer } from "./small_http.ts";

/** Where it listens. */
export interface HealthAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** How long the storage may take to answer. */
const LIMIT_MS = 1000;
/** For so long a look serves all who ask. */
const FRESH_MS = 1000;
const OK = 200;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const NOT_ALLOWED = 405;
const UNAVAILABLE = 503;

/** Answers for all consumers of the process. */
export class HealthServer {
  readonly #consumers: readonly Consumer[];
  readonly #logger: Logger;
  readonly #servers: SmallHttpServer[] = [];
  #looked: { readonly atMs: number; readonly started: boolean; readonly queues: Promise<QueueHealth[]> } | undefined;
  /** The look at health that the numbers belong to, and they. */
  #measured: { readonly queues: Promise<QueueHealth[]>; readonly metrics: Promise<QueueMetrics[]> } | undefined;
  /** What was said last of what is wrong with a queue. */
  readonly #said: Map<string, string> = new Map();

  constructor(consumers: readonly Consumer[], logger: Logger) {
    this.#consumers = consumers;
    this.#logger = logger;
    for (const { huey } of consumers) countForMetrics(coreOf(huey)!);
  }

  /**
   * Listens; at several addresses, if it is called more than once.
   *
   * @returns its URL
   * @throws {ConfigurationError} If the address cannot be had.
   */
  async start({ host, port }: HealthAddress): Promise<string> {
    const server = new SmallHttpServer((request) => this.#answer(request, host));
    this.#servers.push(server);
    try {
      const found = await server.start(host, port);
      if (!isLoopback(host)) {
        this.#logger.warn(`The health endpoint listens at ${host}: whoever reaches it sees names of queues and counts`);
      }
      return `http://${host.includes(":") ? `[${host}]` : host}:${found}`;
    } catch (cause) {
      const reason = `The health endpoint cannot listen at ${host}, port ${port}: ${(cause as Error).message}`;
      throw new ConfigurationError(reason, { cause });
    }
  }

  /** Listens no more, and drops the connections that are open. */
  close(): void {
    for (const server of this.#servers) server.close();
  }

  async #answer({ method, path, host }: HttpRequest, own: string): Promise<HttpAnswer> {
    if (!isOwnHost(host, own)) {
      return {
        status: FORBIDDEN,
        body: { error: "Ask by an address of this computer, or by the name that is given as --health-host" },
      };
    }
    if (method !== "GET" && method !== "HEAD") return { status: NOT_ALLOWED, body: { error: "Use GET" } };
    if (path === "/live") return this.#live();
    if (path === "/ready") return await this.#ready();
    if (path === "/health") return await this.#health();
    if (path === "/metrics") return { status: OK, text: metricsText(await this.#metrics()), type: PROMETHEUS_TYPE };
    return { status: NOT_FOUND, body: { error: "There are /live, /ready, /health and /metrics" } };
  }

  #live(): HttpAnswer {
    const live = this.#isLive;
    return { status: live ? OK : UNAVAILABLE, body: { live } };
  }

  /** While it starts or stops there is nothing to complain about. */
  get #isLive(): boolean {
    return this.#consumers.every((consumer) => healthOf(consumer)?.alive ?? true);
  }

  async #ready(): Promise<HttpAnswer> {
    const { ready } = await this.#look();
    return { status: ready ? OK : UNAVAILABLE, body: { ready } };
  }

  async #health(): Promise<HttpAnswer> {
    const { ready, queues } = await this.#look();
    const live = this.#isLive;
    const healthy = live && ready;
    return { status: healthy ? OK : UNAVAILABLE, body: { healthy, live, ready, queues } };
  }

  async #look(): Promise<{ ready: boolean; queues: QueueHealth[] }> {
    const started = this.#isStarted;
    const queues = await this.#queues(started);
    // Not only while the lease is valid: it is renewed some time after an outage.
    return { ready: started && queues.every(({ waiting }) => waiting !== undefined), queues };
  }

  /** One look for all who ask within a second: whoever can ask must not be able to keep the storage busy. */
  #queues(started: boolean): Promise<QueueHealth[]> {
    const nowMs = systemClock.elapsed();
    // What was seen before the start tells of no consumer yet.
    if (this.#looked?.started !== started || nowMs - this.#looked.atMs >= FRESH_MS) {
      const checks = this.#consumers.map(({ huey }) =>
        checkQueue(coreOf(huey)!, LIMIT_MS).then((health) => this.#publish(health))
      );
      this.#looked = { atMs: nowMs, started, queues: Promise.all(checks) };
    }
    return this.#looked.queues;
  }

  /** As fresh as the health, and no fresher, for the same reason. */
  #metrics(): Promise<QueueMetrics[]> {
    const queues = this.#queues(this.#isStarted);
    if (this.#measured?.queues !== queues) this.#measured = { queues, metrics: this.#measure(queues) };
    return this.#measured.metrics;
  }

  async #measure(queues: Promise<QueueHealth[]>): Promise<QueueMetrics[]> {
    const healths = await queues;
    return await Promise.all(this.#consumers.map(async ({ huey }, index) => {
      const core = coreOf(huey)!;
      return { core, gauges: await lookAtGauges(core, healths[index]!, LIMIT_MS) };
    }));
  }

  get #isStarted(): boolean {
    return this.#consumers.every((consumer) => healthOf(consumer)?.started === true);
  }

  /** What is wrong with a storage may tell of paths and hosts, and is for the log. */
  #publish(health: QueueHealth): QueueHealth {
    const { queue, reason = "" } = health;
    const isFailure = health.waiting === undefined;
    if (isFailure && this.#said.get(queue) !== reason) {
      this.#logger.warn(`Health of queue "${queue}": ${withoutSecrets(reason)}`);
    }
    this.#said.set(queue, isFailure ? reason : "");
    if (!isFailure) return health;
    return {
      ...health,
      reason: reason.startsWith(LATE) ? `${LATE} within ${LIMIT_MS / 1000} s` : "the storage failed: see the log",
    };
  }
}
