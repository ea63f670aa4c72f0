/** Pausing a periodic task: for a while, for one run, until further notice. */
import { crontab, MemoryHuey } from "@hueyjs/huey";

const huey = new MemoryHuey();
const sendMail = huey.periodicTask("sendMail", crontab({ minute: "0" }), () => console.log("sending"));

const now = Date.now();
const inTwoHours = new Date(now + 2 * 3_600_000);
const inFourHours = new Date(now + 4 * 3_600_000);

await sendMail.revoke({ until: new Date(now + 3 * 3_600_000) }); // the mail server is down
console.log("in two hours:", await sendMail.isRevoked(inTwoHours));
console.log("in four hours:", await sendMail.isRevoked(inFourHours));

await sendMail.revoke({ once: true }); // replaces it: only the next run is skipped
console.log("the next run:", await sendMail.isRevoked());

console.log("restored:", await sendMail.restore());
console.log("restored again:", await sendMail.restore());

// Output:
// in two hours: true
// in four hours: false
// the next run: true
// restored: true
// restored again: false
