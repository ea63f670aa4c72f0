import { describe, expect, test } from "bun:test";
import { hideSecretsIn, registerSecret, registerSecretsIn, registerUrl, withoutSecrets } from "../../lib/primitives/secrets.ts";

/** Ways in which a login is written, each with what must not be seen of it. */
const SHAPES: [text: string, secret: string][] = [
  ["redis://u:s3cret@h:1/0", "s3cret"],
  ["redis://:s3cret@h", "s3cret"],
  ["rediss://u:s3c@ret@h", "ret@h"],
  ["redis://u:s3:cret@h", "cret"],
  ["redis://u:s3,cret@h", "cret"],
  ["redis://u:s3'cret@h", "cret"],
  ['redis://u:s3"cret@h', "cret"],
  ["redis://u:s3 cret@h", "cret"],
  ["redis://u:s3\ncret@h", "cret"],
  ["redis://u:s3/cret@h", "cret"],
  ["redis://u:s3#cret@h", "cret"],
  ["redis://u:s3?cret@h", "cret"],
  ["redis://u:s3(cret)@h", "cret"],
  ["redis://u:s3<cret>@h", "cret"],
  ["redis://u:s3%40cret@h", "cret"],
  ["https://ghp_tokentoken@github.com/x", "tokentoken"],
  ["unix://u:s3cret@/run/r.sock", "s3cret"],
  ["unix:///run/r.sock?password=s3cret", "s3cret"],
  ["postgres://h/db?user=u&password=s3cret", "s3cret"],
  ["REDIS://U:S3CRET@H", "S3CRET"],
  ["x_redis://u:s3cret@h", "s3cret"],
  ["1redis://u:s3cret@h", "s3cret"],
  ["redis://u/x:s3cret@h", "s3cret"],
  ["redis://u'x:s3cret@h", "s3cret"],
  ["redis:\\/\\/u:s3cret@h", "s3cret"],
  ["//u:s3cret@h", "s3cret"],
  ["{ password: 's3cret' }", "s3cret"],
  ['{"token":"s3cret"}', "s3cret"],
];

describe("withoutSecrets()", () => {
  for (const [text, secret] of SHAPES) {
    test(`hides the login in ${JSON.stringify(text)}`, () => expect(withoutSecrets(`at ${text}: no`)).not.toContain(secret));
  }

  test("hides each login of several", () => {
    expect(withoutSecrets("redis://a:b@one,redis://c:d@two")).toBe("redis://a:***@one,redis://c:***@two");
    expect(withoutSecrets("redis://user:secret@host:6379/1")).toBe("redis://user:***@host:6379/1");
  });

  const HARMLESS = [
    ...["redis://host:6379/1", "http://host/a:b/c", "mail a@b.c", "file:///a:1:2", "redis://host:6379 is away, mail a@b.c"],
    ...["at f (file:///app/node_modules/.deno/@logtape+logtape@2.4.2/mod.js:10:5) x@y", "https://esm.sh/react@18.2/x.js:1:2"],
    ...["http://[::1]:80/ x@y", "at https://host/a.ts:10:5)\n at x@y", "/a/b", "//", "@"],
  ];
  for (const text of HARMLESS) test(`leaves ${JSON.stringify(text)}`, () => expect(withoutSecrets(text)).toBe(text));

  // Quadratic ones take minutes, far more than the limit.
  test("takes a time in proportion to the length", () => {
    const units = ["a.", "a-", "x://y:", "//", "//@", "?a", "token:'", "/\\/", "://a:b ", "//u:p ", "?password", "&"];
    for (const unit of units) expect(withoutSecrets(unit.repeat(1_000_000 / unit.length))).toContain(unit[0]!);
  }, 20_000);
});

describe("known secrets", () => {
  test("are hidden wherever they stand, in each way to write them", () => {
    registerSecret("Top 'Sec\"ret/1");
    const forms = ["Top 'Sec\"ret/1", "Top%20'Sec%22ret%2F1", JSON.stringify("Top 'Sec\"ret/1"), "Top \\'Sec\"ret/1"];
    for (const form of forms) expect(withoutSecrets(`ERR unknown command 'AUTH', '${form}'`)).not.toMatch(/Sec.{1,3}ret/);
  });

  test("are found in options, however deep, and in URLs that nobody can parse", () => {
    registerSecretsIn({
      url: "unix://u:Path/Secret1@/run/none.sock",
      clientOptions: { password: "Deep-Secret2", rootNodes: [{ url: "redis://:Node-Secret3@one" }] },
      get broken(): never {
        throw new Error("no");
      },
    });
    registerUrl("redis://Token-Secret4@host");
    registerUrl("redis://u:Percent%40Secret5@host");
    const text = "Path/Secret1 Deep-Secret2 Node-Secret3 Token-Secret4 Percent@Secret5";
    expect(withoutSecrets(text)).toBe("*** *** *** *** ***");
  });

  test("that are too short to be told from other text are left", () => {
    for (const secret of ["", "a", "abc", 5, undefined, null, {}]) registerSecret(secret);
    expect(withoutSecrets("a abc 5 undefined")).toBe("a abc 5 undefined");
  });

  test("are removed from errors and their causes, also where they go in a circle", () => {
    registerSecret("Error-Secret6");
    const cause = new Error("no: Error-Secret6");
    const error = new Error("outer Error-Secret6", { cause });
    cause.cause = error;
    hideSecretsIn(error);
    expect(`${error.message} ${error.stack} ${cause.message} ${cause.stack}`).not.toContain("Secret6");
    for (const other of [undefined, "text", Object.freeze(new Error("Error-Secret6"))]) hideSecretsIn(other);
  });
});
