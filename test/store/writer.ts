// A process that writes to a store until it is killed, and tells each acknowledged commit on a line: name, revision.
// With "hold" for a durability it only opens the store, says so, and waits.

import { openLowdbStore } from "../../src/store/lowdb/open.ts";
import { clock, entropy, scope, step } from "./support.ts";

const [, , path = "", durability] = process.argv;
const store = await openLowdbStore(path, { durability: durability === "power" ? "power" : "process", clock, entropy });
if (durability === "hold") {
  process.stdout.write("open\n");
  setInterval(() => {}, 60_000);
} else {
  await Promise.all(Array.from({ length: 16 }, (_, n) => writeFor(`w${n}`)));
}

async function writeFor(name: string): Promise<never> {
  let rev = (await store.get("instance", scope, name))?.rev ?? 0;
  for (;;) {
    await store.commit(step(name, rev, { type: "push", text: "x".repeat(rev % 700) }));
    process.stdout.write(`${name} ${++rev}\n`); // synchronous on a pipe: told before anything else happens
  }
}
