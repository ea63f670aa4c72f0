/** Which addresses only the own computer reaches: the table of those that are near it, and every number of an octet beside `node:net`. */
import { expect, test } from "bun:test";
import { isIP } from "node:net";
import { isLoopback } from "../../lib/primitives/access.ts";

test("localhost, the names below it, 127.0.0.0/8 and ::1 are loopback", () => {
  for (const name of ["localhost", "a.localhost", "::1", "127.0.0.1", "127.255.0.9"]) {
    expect([name, isLoopback(name)]).toEqual([name, true]);
  }
});

test("what looks like one is none", () => {
  const others = [
    "",
    "128.0.0.1",
    "127.0.0",
    "127.0.0.1.",
    "127.0.0.1.evil.example",
    "0127.0.0.1",
    "127.0.0.01",
    "127.1",
    "127.0.0.1\n",
  ];
  for (const name of [...others, "localhost.evil.example", "::", "::2", "127.0.0.1%lo"]) {
    expect([name, isLoopback(name)]).toEqual([name, false]);
  }
});

test("an octet is what node:net takes for one", () => {
  for (const octet of [...Array(300).keys()].flatMap((number) => [`${number}`, `0${number}`, `${number} `, `+${number}`])) {
    const name = `127.${octet}.0.${octet}`;
    expect([name, isLoopback(name)]).toEqual([name, isIP(name) === 4]);
  }
});
