/**
 * What a consumer serves beside its work: health and metrics, and the dashboard.
 * @module
 */
import type { Huey } from "../../lib/huey/huey.ts";
import { isLoopback, tokenFault } from "../../lib/primitives/access.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Consumer } from "../consumer.ts";
import type { HealthAddress, HealthServer } from "../health/server.ts";
import { UsageError } from "../options/read_arguments.ts";
import { isReadable, ownVariable } from "../platform/environment.ts";

/** The dashboard: where, and for whom. */
export interface DashboardAddress extends HealthAddress {
  readonly token?: string;
}

/** What was asked for; nothing is served without that. */
export interface Addresses {
  readonly health?: HealthAddress;
  readonly metrics?: HealthAddress;
  readonly dashboard?: DashboardAddress;
}

const LOOPBACK = "127.0.0.1";
const HIGHEST_PORT = 65_535;
/** Where the token may stand instead of in the arguments, which every user of a computer can list. */
const TOKEN_VARIABLE = "HUEY_DASHBOARD_TOKEN";

/**
 * The addresses in the options.
 *
 * @param values The options that were given, by their keys.
 * @throws {UsageError} For one that is none, or that others can reach without a token.
 */
export function addressesOf(values: ReadonlyMap<string, unknown>): Addresses {
  const metricsPort = values.get("metricsPort") as number | undefined;
  return {
    ...healthAddress(values.get("healthPort") as number | undefined, values.get("healthHost") as string | undefined),
    ...(metricsPort === undefined ? {} : { metrics: { host: LOOPBACK, port: metricsPort } }),
    ...dashboardAddress(values.get("dashboard") as string | undefined, values.get("dashboardToken") as string | undefined),
  };
}

function healthAddress(port: number | undefined, host: string | undefined): Pick<Addresses, "health"> {
  if (port !== undefined) return { health: { host: host ?? LOOPBACK, port } };
  if (host !== undefined) throw new UsageError(`--health-host needs --health-port: ${host}`);
  return {};
}

function dashboardAddress(where: string | undefined, given: string | undefined): Pick<Addresses, "dashboard"> {
  if (where === undefined) {
    if (given !== undefined) throw new UsageError("--dashboard-token needs --dashboard");
    return {};
  }
  const address = hostAndPort(where);
  const variable = ownVariable(TOKEN_VARIABLE) || undefined;
  const token = given ?? variable;
  const fault = token === undefined ? undefined : tokenFault(token);
  if (fault !== undefined) throw new UsageError(`${given === undefined ? TOKEN_VARIABLE : "--dashboard-token"} ${fault}`);
  if (token === undefined && !isLoopback(address.host)) {
    throw new UsageError(
      `At ${address.host} others can reach the dashboard: give it a --dashboard-token, or leave the host out`,
    );
  }
  return { dashboard: { ...address, ...(token === undefined ? {} : { token }) } };
}

function hostAndPort(text: string): HealthAddress {
  const [, ipv6, name, digits] = /^(?:\[([0-9a-f:.]+)\]:|([^\s:[\]/@]+):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > HIGHEST_PORT) {
    throw new UsageError(
      `--dashboard must be a port from 0 to ${HIGHEST_PORT}, or an address such as 127.0.0.1:8080 or [::1]:8080: ${
        JSON.stringify(text)
      }`,
    );
  }
  return { host: (ipv6 ?? name ?? LOOPBACK).toLowerCase(), port };
}

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
