// `settle token`: prints a token for an end user, as a backend would sign it.

import { Command, InvalidArgumentError, Option } from "commander";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { CannotRun } from "./cannot-run.ts";
import { parseDuration } from "./duration.ts";
import { isStoreTyped, readStore, storeOption } from "./store-access.ts";

interface TokenFlags {
  act: JsonObject;
  /** Milliseconds. */
  expires: number;
  store: string;
}
interface SigningKey {
  keyId: string;
  secretKey: string;
}

export function tokenCommand(): Command {
  return new Command("token")
    .description(
      "print a token for an end user, signed with the key in SETTLE_KEY_ID and SETTLE_SECRET_KEY, or a store's",
    )
    .addOption(
      new Option("--act <json>", "who the user is, as the machine's authorizers see it")
        .argParser(parseAct)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--expires <duration>", "10s, 2m, 24h from now").default(86_400_000, "24h").argParser(parseDuration),
    )
    .addOption(storeOption("sign with the first key of this store"))
    .action(token);
}

async function token({ act, expires, store }: TokenFlags, command: Command): Promise<void> {
  const key = await signingKey(store, isStoreTyped(command));
  process.stdout.write(`${await sign(key, act, Date.now(), expires)}\n`);
}

async function signingKey(store: string, isTyped: boolean): Promise<SigningKey> {
  const { SETTLE_KEY_ID: keyId, SETTLE_SECRET_KEY: secretKey } = process.env;
  if (!isTyped && (keyId || secretKey)) {
    if (keyId && secretKey) return { keyId, secretKey };
    const [there, missing] = keyId ? ["SETTLE_KEY_ID", "SETTLE_SECRET_KEY"] : ["SETTLE_SECRET_KEY", "SETTLE_KEY_ID"];
    throw new CannotRun(`${there} is set and ${missing} is not; set both, or name a store with --store`);
  }
  const otherwise = "set SETTLE_KEY_ID and SETTLE_SECRET_KEY";
  const { keyId: firstKeyId, secretKey: firstSecretKey } = await readStore(store, otherwise);
  if (firstSecretKey !== undefined) return { keyId: firstKeyId, secretKey: firstSecretKey };
  throw new CannotRun(`the first key of ${store} (${firstKeyId}) was deleted; ${otherwise}`);
}

/** Times are milliseconds. The claims are those of the published token library. */
async function sign(
  { keyId, secretKey }: SigningKey,
  act: JsonObject,
  now: number,
  lifetimeMs: number,
): Promise<string> {
  const { CompactSign } = await import("jose");
  const iat = Math.floor(now / 1000);
  const claims = {
    act,
    aud: "https://api.statebacked.dev/",
    exp: Math.ceil((now + lifetimeMs) / 1000),
    iss: `https://${keyId}.client.statebacked.dev/`,
    iat,
  };
  return new CompactSign(new TextEncoder().encode(plainJson(claims)))
    .setProtectedHeader({ alg: "HS256", kid: keyId })
    .sign(new TextEncoder().encode(secretKey));
}

/**
 * JSON whose base64url is base64 too: the published client reads `exp` with `atob`, which knows neither `-` nor `_`, and these two come
 * only from `>`, `?`, `~`, DEL and bytes beyond ASCII. All of those stand inside strings, where they can be written as escapes.
 */
function plainJson(value: object): string {
  return JSON.stringify(value).replaceAll(
    /[>?~\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function parseAct(text: string): JsonObject {
  try {
    const act: unknown = JSON.parse(text);
    if (isJsonObject(act)) return act;
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError(`Write a JSON object such as '{"sub":"ada"}'.`);
}
