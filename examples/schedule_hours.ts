/** A delay and an eta that mean the same, and a look at the schedule. */
import { MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const checkFeeds = huey.task("checkFeeds", (...urls: string[]) => urls.length);

const args: [string, string, string] = ["https://a.example", "https://b.example", "https://c.example"];
await checkFeeds.schedule({ args, delay: { hours: 1 } });
await checkFeeds.schedule({ args, eta: new Date(Date.now() + 3_600_000) });

for (const task of await huey.scheduled()) {
  const minutes = Math.round((task.eta!.getTime() - Date.now()) / 60_000);
  console.log(`${task.name} with ${task.args.length} arguments in ${minutes} minutes`);
}

// Output:
// checkFeeds with 3 arguments in 60 minutes
// checkFeeds with 3 arguments in 60 minutes
