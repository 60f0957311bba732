// A fixed small journey that meets nearly every operation, whatever is answered: what a judge that only looks on gets to see.

import { confirmation } from "./areas/status.ts";
import type { Client } from "./client.ts";
import { exchange, provide, subjectToken } from "./probes/kit.ts";

/** What it asks fits the document, but for an event and names that nothing has. */
export async function walk(c: Client): Promise<void> {
  await instances(c);
  await slowly(c);
  await others(c);
  await administration(c);
  await farewell(c);
}

const ada = { act: { sub: "ada" } };

async function instances(c: Client): Promise<void> {
  await c.call("POST", "/machines", { slug: c.name("empty") });
  await c.create("empty/it");
  await c.publish("toggle");
  await c.call("POST", "/machines", { slug: c.name("toggle") });
  for (const slug of ["light", "light", "two-words"]) await c.create(`toggle/${slug}`);
  for (const event of ["FLIP", { type: "FLIP", by: "ada" }, "SING", "BREAK"]) await c.send("toggle/light", event);
  for (const name of ["toggle/light", "toggle/nobody", "nowhere/it"]) await c.get(name);
  await c.admin("toggle/light");
  await c.history("toggle/light");
  await c.pause("toggle/two-words");
  await c.send("toggle/two-words", "FLIP");
  await c.pause("toggle/two-words", "running");
}

/** Where it takes a moment: children, timers, printing. */
async function slowly(c: Client): Promise<void> {
  await c.publish("timed");
  await c.create("timed/egg");
  await c.send("timed/egg", "WAIT");
  await c.publish("slow");
  await c.create("slow/kettle");
  await c.send("slow/kettle", "BOIL");
  await c.publish("nested");
  await c.create("nested/flight");
  await c.get("nested/flight");
  await c.eventually(async () => (await c.get("timed/egg")).body.state === "over");
  await c.history("timed/egg");
  await c.call("GET", `/logs?from=${new Date(0).toISOString()}`);
}

/** What authorizers, indexes and mappers answer. */
async function others(c: Client): Promise<void> {
  await c.publish("guarded");
  await c.create("guarded/diary", { public: { owner: "ada" } }, ada);
  await c.create("guarded/forged", { public: { owner: "ada" } });
  await c.send("guarded/diary", "WRITE");
  await c.get("guarded/diary");
  await c.send("guarded/diary", "BURN", ada);
  await c.publish("paint", { indexes: ["color"], indexSelectors: { color: "$.color" } });
  await c.create("paint/pot", { color: "red" });
  for (const query of ["", "?op=gt&value=blue"])
    await c.call("GET", `/machines/${c.name("paint")}/indexes/color/query${query}`);
  await c.publish("mapped");
  for (const mapper of ["letter", "failing"]) {
    const path = `/http-api/${c.server.orgId}/machines/${c.name("mapped")}/${mapper}`;
    await c.call("POST", path, { box: "it", word: "please", from: "postman" });
  }
}

async function administration(c: Client): Promise<void> {
  for (const path of ["/machines", "/keys", "/orgs", "/idps", "/token-providers", "/billing"])
    await c.call("GET", path);
  for (const path of ["", "/v", "/i"]) await c.call("GET", `/machines/${c.name("toggle")}${path}`);
  await c.get("toggle/light", { expS: -900 });
  await c.get("toggle/light", { token: null });
  const { id } = (await c.call("POST", "/keys", { name: c.name("key"), use: "production" })).body;
  await c.call("GET", "/keys");
  await c.call("DELETE", `/keys/${id}`);
  await exchange(c);
  await provide(c, { "sub.$": "$.email" });
  await c.call("GET", "/idps");
  await subjectToken(c, "HS384");
  await subjectToken(c, "HS256", { grantType: "password" });
  await c.call("DELETE", "/idps", { aud: c.name("aud"), iss: c.name("iss") });
}

async function farewell(c: Client): Promise<void> {
  const machine = c.name("toggle");
  const hmac = {
    dangerDataWillBeDeletedForever: true,
    hmacSha256OfMachineNameWithMachineNameKey: confirmation(machine, machine),
  };
  await c.call("DELETE", `/machines/${machine}`, hmac);
  await c.remove("toggle/light", "wrong");
  for (const slug of ["light", "two-words"]) await c.remove(`toggle/${slug}`);
  await c.get("toggle/light");
  await c.call("DELETE", `/machines/${machine}`, hmac);
}
