/**
 * Who may see a dashboard, and who may act.
 * @module
 */
import { errorText } from "../../lib/primitives/error_record.ts";
import { beginningOf } from "../../lib/primitives/secrets.ts";
import type { Logger } from "../../lib/types/options.ts";
import { isLocal } from "./local.ts";
import { bearerOf, type Session } from "./session.ts";

/** What a visitor may do: nothing, look, or also act. */
export type Access = false | "read" | "write";

/** What was found about a request. */
export interface Decision {
  readonly access: Access;
  /** How access was given, for the log: "this computer", "token" or "authorize". */
  readonly who: string;
}

/** The rules of one dashboard. */
export interface AccessRules {
  readonly authorize: ((request: Request) => Access | Promise<Access>) | undefined;
  readonly session: Session | undefined;
  readonly readOnly: boolean;
  readonly logger: Logger;
}

const NOBODY: Decision = { access: false, who: "nobody" };

/**
 * Decides about a request. Whatever fails gives no access. Never rejects.
 *
 * @param rules Those of the dashboard.
 * @param request The request.
 * @returns What its sender may do
 */
export async function decide(rules: AccessRules, request: Request): Promise<Decision> {
  const { access, who } = await found(rules, request);
  return access === "write" && rules.readOnly ? { access: "read", who } : { access, who };
}

async function found({ authorize, session, logger }: AccessRules, request: Request): Promise<Decision> {
  if (authorize !== undefined) return { access: await asked(authorize, request, logger), who: "authorize" };
  if (session === undefined) return isLocal(request) ? { access: "write", who: "this computer" } : NOBODY;
  const bearer = bearerOf(request);
  const known = bearer === undefined ? session.isOpen(request) : session.isToken(bearer);
  return known ? { access: "write", who: "token" } : NOBODY;
}

async function asked(
  authorize: (request: Request) => Access | Promise<Access>,
  request: Request,
  logger: Logger,
): Promise<Access> {
  try {
    const access: unknown = await authorize(request);
    if (access === false || access === "read" || access === "write") return access;
    logger.warn('Dashboard: authorize must give false, "read" or "write"; nobody is let in', { given: typeof access });
  } catch (error) {
    logger.warn(`Dashboard: authorize failed, so nobody is let in: ${beginningOf(errorText(error), 500)}`);
  }
  return false;
}
