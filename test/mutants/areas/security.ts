// What lets somebody in who should stay out, or tells them what they should not know.

import { isJsonObject } from "../../../src/domain/json.ts";
import { bodyOf, editing, handling, instancePath, replyOf, storedInstance, withBody } from "../edits.ts";
import type { Fault, Mutant, World } from "../fault.ts";
import { withEngine, withStore } from "../ports.ts";
import { ownKey, readClaims, sign, signerOf } from "../tokens.ts";
import { confirmation } from "./status.ts";

export const securityMutants: Mutant[] = [
  {
    id: "SE-02",
    title: "exp in the past accepted",
    operation: "*",
    fault: () => ({
      async token(token, world) {
        const { claims } = (token && readClaims(token)) || {};
        const key =
          token && claims?.exp !== undefined && claims.exp * 1_000 < Date.now() && (await signerOf(token, world));
        return key ? sign({ ...claims, exp: inAnHour() }, key) : token;
      },
    }),
  },
  {
    id: "SE-03",
    title: "unsigned JWT accepted",
    operation: "*",
    fault: () => ({
      async token(token, world) {
        const read = token && readClaims(token);
        return read && read.alg === "none" ? sign(read.claims, ownKey(world)) : token;
      },
    }),
  },
  {
    id: "SE-05",
    title: "publicContext contains non-public keys",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}",
    fault: () =>
      editing("getMachineInstance", async (state, { target }, { ask }) => {
        const { context } = (await ask("GET", `${target.split("?")[0]}/admin`)).body;
        if (!isJsonObject(context)) return state;
        const { public: shown, ...hidden } = context;
        return { ...state, publicContext: { ...hidden, ...(isJsonObject(shown) ? shown : {}) } };
      }),
  },
  {
    id: "SE-07",
    title: "tokens signed by a deleted key still accepted",
    operation: "DELETE /keys/{keyId}",
    fault() {
      const known = new Map<string, NonNullable<Awaited<ReturnType<World["services"]["store"]["keyById"]>>>>();
      return {
        services: (services) =>
          withStore(services, (sound) => ({
            async keyById(id) {
              const key = (await sound.keyById(id)) ?? known.get(id) ?? null;
              if (key) known.set(id, key);
              return key;
            },
            async commit(changes) {
              for (const { kind, name } of changes.flatMap((change) => (change.op === "delete" ? [change] : []))) {
                const key = kind === "key" ? await sound.keyById(name) : null;
                if (key) known.set(name, key);
              }
              return sound.commit(changes);
            },
          })),
      };
    },
  },
  {
    id: "SE-08",
    title: "list returns the secret (extra property, schema-valid)",
    operation: "GET /keys",
    fault: () =>
      editing("listKeys", async ({ keys, ...rest }, _request, { services }) => {
        const whole = (keys as { id: string }[]).map(async (key) => ({
          ...key,
          key: (await services.store.keyById(key.id))?.rec.secret ?? "",
        }));
        return { ...rest, keys: await Promise.all(whole) };
      }),
  },
  {
    id: "SE-10",
    title: "client-sent xstate.stop leaves the instance stopped for good",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault() {
      const stopped = new Set<string>();
      return handling("sendMachineInstanceEvent", async (request, forward, world) => {
        const { event } = bodyOf(request);
        const isStop = event === "xstate.stop" || (isJsonObject(event) && event.type === "xstate.stop");
        const stored = await storedInstance(request, world);
        const key = `${instancePath(request)} ${stored?.order}`;
        if (!stored || !(isStop || stopped.has(key))) return forward(request);
        stopped.add(key);
        return withBody(replyOf(200), stored.rec.state);
      });
    },
  },
  {
    id: "SE-12",
    title: "socket opens with missing/forged token",
    operation: "GET /rt (ws)",
    fault: () => ({
      async token(token, world, isSocket) {
        if (!isSocket || (token && (await signerOf(token, world)))) return token;
        const { claims = {} } = (token && readClaims(token)) || {};
        return sign({ aud: "https://api.statebacked.dev/", ...claims, exp: inAnHour() }, ownKey(world));
      },
    }),
  },
  {
    id: "SE-13",
    title: "subscription allowed to a reader that allowRead rejects",
    operation: "GET /rt (ws)",
    fault: () => ({
      token: (token, world, isSocket) =>
        isSocket ? withAct(token, world, { [onSocket]: true }) : Promise.resolve(token),
      services: (services) =>
        withEngine(services, (sound) => ({
          async authorizeRead(query) {
            const { authContext } = query;
            if (isJsonObject(authContext) && authContext[onSocket] === true) return { kind: "allowed" };
            return sound.authorizeRead(query);
          },
        })),
    }),
  },
  {
    id: "SE-15",
    title: "`act.stateBackedSender` in a client token is trusted as a machine sender",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: trustingSenders,
  },
  {
    id: "SE-17",
    title: "wrong HMAC accepted",
    operation: "DELETE /machines/{machineSlug}/i/{instanceSlug}",
    fault: () =>
      handling("deleteMachineInstance", (request, forward) => {
        const field = "hmacSha256OfMachineInstanceNameWithMachineNameKey";
        const body = bodyOf(request);
        const { machineSlug = "", instanceSlug = "" } = request.params;
        if (typeof body[field] !== "string") return forward(request);
        return forward(withBody(request, { ...body, [field]: confirmation(machineSlug, instanceSlug) }));
      }),
  },
];

const onSocket = "settle mutant: on a socket";
const claimedSender = "settle mutant: sender";

function inAnHour(): number {
  return Math.floor(Date.now() / 1_000) + 3_600;
}

/** The same token with more in its `act`, if it is signed as it should be. */
async function withAct(token: string | null, world: World, more: object): Promise<string | null> {
  const key = token === null ? undefined : await signerOf(token, world);
  const { claims } = (token !== null && readClaims(token)) || {};
  if (!key || !claims) return token;
  const act = isJsonObject(claims.act) ? claims.act : {};
  return sign({ ...claims, act: { ...act, ...more } }, key);
}

/** The claim goes past Settle, which would drop it, under another name. */
function trustingSenders(): Fault {
  return {
    async token(token, world) {
      const act = token === null ? undefined : readClaims(token)?.claims.act;
      if (!isJsonObject(act) || act.stateBackedSender === undefined) return token;
      return withAct(token, world, { [claimedSender]: act.stateBackedSender });
    },
    services: (services) =>
      withEngine(services, (sound) => ({
        deliver(delivery) {
          const { authContext } = delivery;
          if (!isJsonObject(authContext) || authContext[claimedSender] === undefined) return sound.deliver(delivery);
          const { [claimedSender]: stateBackedSender, ...rest } = authContext;
          return sound.deliver({ ...delivery, authContext: { ...rest, stateBackedSender } });
        },
      })),
  };
}
