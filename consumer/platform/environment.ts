/**
 * Variables of the environment, where reading them may be forbidden.
 * @module
 */
import process from "node:process";

/** A variable that this library sets for its own processes. @returns `undefined` also where it may not be read */
export function ownVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    // Whoever may not read it was not started by us: we pass the permission on.
    return undefined;
  }
}

/** Whether a variable may be read. What it says is unknown otherwise. */
export function isReadable(name: string): boolean {
  try {
    void process.env[name];
    return true;
  } catch {
    return false;
  }
}

/** Tells a process the id of the consumer whose worker it is. */
export const WORKER_PROCESS = "HUEY_WORKER_PROCESS";

/** Tells a process of a worker which folder its consumer is in, where that has changed since its start. */
export const WORKER_FOLDER = "HUEY_WORKER_FOLDER";

/** Tells a process the id of its supervisor. */
export const SUPERVISED = "HUEY_CONSUMER_SUPERVISED";

/** The process id of the supervisor that started this process, also when it is gone since; `undefined` if none did. */
export const supervisor: number | undefined = takeSupervisor();

/** Out of the environment, since what is started from here has no supervisor. */
function takeSupervisor(): number | undefined {
  const id = ownVariable(SUPERVISED);
  // Somebody else's, who has started this process without a channel.
  if (id === undefined || process.send === undefined) return undefined;
  delete process.env[SUPERVISED];
  return Number(id);
}
