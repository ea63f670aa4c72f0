/** A reader of feeds. See README.md. */
import { Consumer, crontab, SqliteHuey } from "@hueyjs/huey";

export const huey: SqliteHuey = new SqliteHuey({ name: "feeds", filename: "feeds.db" });

const FEEDS = ["https://one.example/feed", "https://two.example/feed"];

/** In the place of `fetch`, so that the example needs no network: the second feed is away at first. */
let away = 2;
async function download(url: string): Promise<string[]> {
  await Promise.resolve();
  if (url.includes("two") && away-- > 0) throw new Error(`${url} answers 503`);
  return [`first post of ${url}`, `second post of ${url}`];
}

/** Reads one feed. The server of a feed is not asked more than 10 times a minute. */
const readFeed = huey.task(
  {
    name: "readFeed",
    retries: 4,
    retryDelay: 0.05,
    retryBackoff: 2,
    timeout: 30,
    rateLimit: { limit: 10, per: { minutes: 1 } },
  },
  async (url: string) => {
    const posts = await download(url);
    const before = await huey.get<string[]>(`feed:${url}`, { peek: true }) ?? [];
    await huey.put(`feed:${url}`, posts);
    return posts.filter((post) => !before.includes(post)).length;
  },
);

/** Every ten minutes all feeds, in one round trip. */
huey.periodicTask("refresh", crontab("*/10 * * * *"), async () => {
  await readFeed.map(FEEDS);
});

if (import.meta.main) {
  await using consumer = new Consumer(huey, { workers: 2 });
  await consumer.start();
  for (const round of ["first", "second"]) {
    const fresh = await (await readFeed.map(FEEDS)).get({ blocking: true, timeout: 60 });
    console.log(`${round} round, new posts:`, fresh.join(" and "));
  }
  const { totals } = await huey.stats({ taskName: "readFeed" });
  console.log("tried again:", totals.retried);
}
