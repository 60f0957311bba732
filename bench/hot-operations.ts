// The hot operations: what is asked for in each, and what must be there before.

import { bundleMachine, stopBundler } from "../src/sources/bundle.ts";
import type { Request, Target } from "./load.ts";
import { send, sendAll } from "./load.ts";
import { context, machine } from "./plan.ts";
import type { FixedAnswer } from "./rivals.ts";

export interface HotOperation {
  name: string;
  /** The route in the API's document. */
  path: string;
  next(): Request;
}

export const event: string = JSON.stringify({ event: { type: "add", by: 1 } });
/** A machine with an index beside the one that most operations are about, whose instances have none. */
const indexed = "indexed";
/** Instances of it that have the same value. */
const sameValue = 20;

export function creation(slug: string, ofMachine = "machine"): Request {
  return { method: "POST", path: `/machines/${ofMachine}`, body: JSON.stringify({ slug, context }) };
}

/** Creations take a new slug, the others take turns with the instances there are. */
export function hotOperations(instances: number): HotOperation[] {
  let created = 0;
  let turn = 0;
  const place = () => `/machines/machine/i/filled-${turn++ % instances}`;
  const query = () => `/machines/${indexed}/indexes/customer/query?value=customer-${turn++ % (instances / sameValue)}`;
  const instance = "/machines/{machineSlug}/i/{instanceSlug}";
  const get = (path: () => string) => (): Request => ({ method: "GET", path: path() });
  return [
    { name: "create", path: "/machines/{machineSlug}", next: () => creation(`made-${created++}`) },
    {
      name: "send event",
      path: `${instance}/events`,
      next: () => ({ method: "POST", path: `${place()}/events`, body: event }),
    },
    { name: "get state, authorized", path: instance, next: get(place) },
    { name: "get state as admin", path: `${instance}/admin`, next: get(() => `${place()}/admin`) },
    { name: "list instances", path: "/machines/{machineSlug}/i", next: get(() => `/machines/${indexed}/i`) },
    { name: "query an index", path: "/machines/{machineSlug}/indexes/{index}/query", next: get(query) },
  ];
}

/** Stores as many instances of each machine. */
export async function fill(settle: Target, connections: number, instances: number): Promise<void> {
  let n = 0;
  await sendAll(settle, connections, instances, () => creation(`filled-${n++}`));
  await publishIndexed(settle);
  n = 0;
  await sendAll(settle, connections, instances, () => {
    const customer = `customer-${n % (instances / sameValue)}`;
    const body = JSON.stringify({ slug: `order-${n++}`, context: { ...context, customer } });
    return { method: "POST", path: `/machines/${indexed}`, body };
  });
}

/** Asks once for each operation's answer. */
export async function answersOf(settle: Target, operations: HotOperation[]): Promise<FixedAnswer[]> {
  const answers: FixedAnswer[] = [];
  for (const { path, next } of operations) {
    const request = next();
    const method = request.method === "GET" ? "GET" : "POST";
    answers.push({ method, path, body: await send(settle, request) });
  }
  return answers;
}

async function publishIndexed(settle: Target): Promise<void> {
  const { code } = await bundleMachine(machine);
  await stopBundler();
  const slug = indexed;
  await send(settle, { method: "POST", path: "/machines", body: JSON.stringify({ slug, indexes: ["customer"] }) });
  const begun = JSON.parse(await send(settle, { method: "POST", path: `/machines/${slug}/v`, body: "{}" }));
  const form = new FormData();
  for (const [name, value] of Object.entries<string>(begun.codeUploadFields)) form.append(name, value);
  form.set("content-type", "application/javascript");
  form.append("file", new Blob([code], { type: "application/javascript" }), "machine.js");
  const uploaded = await fetch(begun.codeUploadUrl, { method: "POST", body: form });
  if (!uploaded.ok) throw new Error(`an upload was answered with ${uploaded.status}: ${await uploaded.text()}`);
  const body = JSON.stringify({ makeCurrent: true, indexSelectors: { customer: "$.customer" } });
  await send(settle, { method: "PUT", path: `/machines/${slug}/v/${begun.machineVersionId}`, body });
}
