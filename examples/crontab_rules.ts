/** What crontabs mean: the next times of some rules. */
import { type CronSchedule, crontab } from "@hueyjs/huey";

const from = new Date("2026-01-05T08:01:00Z"); // a Monday
const rules: Record<string, CronSchedule> = {
  "every 3 minutes": crontab({ minute: "*/3" }),
  "every 20 minutes, 8 to 10 and 14 to 16": crontab({ minute: "*/20", hour: "8-10,14-16" }),
  "nightly at 2": crontab({ minute: "0", hour: "2" }),
  "every 3 hours": crontab({ minute: "0", hour: "*/3" }),
  "weekdays at 9 in Berlin": crontab({ minute: 0, hour: 9, dayOfWeek: "MON-FRI", timeZone: "Europe/Berlin" }),
  "Friday the 13th": crontab("0 0 13 * FRI"),
};
for (const [name, schedule] of Object.entries(rules)) console.log(`${name}: ${schedule.next(from)?.toISOString()}`);

// Output:
// every 3 minutes: 2026-01-05T08:03:00.000Z
// every 20 minutes, 8 to 10 and 14 to 16: 2026-01-05T08:20:00.000Z
// nightly at 2: 2026-01-06T02:00:00.000Z
// every 3 hours: 2026-01-05T09:00:00.000Z
// weekdays at 9 in Berlin: 2026-01-06T08:00:00.000Z
// Friday the 13th: 2026-02-13T00:00:00.000Z
