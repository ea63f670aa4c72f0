/**
 * What a consumer serves beside its work: health and metrics, and the dashboard.
 * @module
 */
import type { Huey } from "../../lib/huey/huey.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Consumer } from "../consumer.ts";
import type { HealthServer } from "../health/server.ts";
import { type Addresses, type DashboardAddress, TOKEN_VARIABLE } from "./addresses.ts";
import { isReadable } from "../platform/environment.ts";

/** A dashboard that listens. */
export interface ServedDashboard {
  readonly url: string;
  /** Listens no more. */
  close(): Promise<void>;
}

/** Serves a dashboard; lent by the front door, so that nobody loads it who has not asked for it. */
export type ServeDashboard = (hueys: readonly Huey[], options: DashboardAddress) => Promise<ServedDashboard>;

/** What is open. */
export interface Endpoints {
  /** Closes all of it. */
  close(): Promise<void>;
}

/**
 * Opens what was asked for.
 *
 * @throws {ConfigurationError} If an address cannot be had.
 */
export async function openEndpoints(
  consumers: readonly Consumer[],
  addresses: Addresses,
  logger: Logger,
  serve: ServeDashboard | undefined,
): Promise<Endpoints> {
  const health = await openHealth(consumers, addresses, logger);
  const dashboard = addresses.dashboard && await serve?.(consumers.map(({ huey }) => huey), addresses.dashboard);
  if (dashboard !== undefined) {
    if (addresses.dashboard?.token === undefined && !isReadable(TOKEN_VARIABLE)) {
      logger.warn(
        `${TOKEN_VARIABLE} may not be read, which takes --allow-env=${TOKEN_VARIABLE}: the dashboard has no token`,
      );
    }
    logger.info(`Dashboard at ${dashboard.url}`);
  }
  return {
    close: async () => {
      health?.close();
      await dashboard?.close();
    },
  };
}

async function openHealth(
  consumers: readonly Consumer[],
  { health, metrics }: Addresses,
  logger: Logger,
): Promise<HealthServer | undefined> {
  if (health === undefined && metrics === undefined) return undefined;
  const { HealthServer } = await import("../health/server.ts");
  const server = new HealthServer(consumers, logger);
  if (health !== undefined) logger.info(`Health at ${await server.start(health)}/health`);
  if (metrics !== undefined) logger.info(`Metrics at ${await server.start(metrics)}/metrics`);
  return server;
}
