/**
 * The first look of all made before anybody looks: it loads the storage's driver, opens the storage and has the code of the pages
 * compiled, which takes several times as long as a page does afterwards.
 * @module
 */
import { failuresPage } from "./pages/failures.ts";
import { listPage } from "./pages/list.ts";
import { overviewPage } from "./pages/overview.ts";
import { queuePage } from "./parts/layout.ts";
import type { Board, QueueVisit } from "./parts/visit.ts";
import { Counts } from "./queue/counts.ts";
import { Show } from "./queue/shown.ts";
import { sleep } from "../lib/primitives/clock.ts";

/** A storage that is away must not hold up the server. */
const LONGEST_MS = 1000;

/**
 * Makes the pages that are asked for first, of the first queue, for nobody.
 *
 * @param board The dashboard.
 * @returns When they are made, or the storage has failed or was silent for a second: whoever looks is told about that.
 */
export async function warmUp(board: Board): Promise<void> {
  const limit = new AbortController();
  const late = sleep(board.clock, LONGEST_MS, limit.signal).catch(() => {});
  await Promise.race([makePages(board).catch(() => {}), late]);
  limit.abort();
}

async function makePages(board: Board): Promise<void> {
  const queue = board.queues[0]!;
  const request = new Request("http://localhost/");
  const visit: QueueVisit = {
    // What an application has for `show` is called for visitors alone.
    board: { ...board, show: new Show(false, board.logger) },
    decision: { access: "read", who: "nobody" },
    url: new URL(request.url),
    request,
    address: undefined,
    queue,
    counts: new Counts(queue),
    nowMs: queue.core.clock.now(),
  };
  // Twice: much is compiled at the second time only.
  for (let times = 0; times < 2; times++) {
    for (const page of [overviewPage, failuresPage, (to: QueueVisit) => listPage(to, "failed")]) {
      await (await queuePage(visit, await page(visit)));
    }
  }
}
