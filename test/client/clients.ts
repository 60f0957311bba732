// A server of the test's own and published clients for it, by whatever they are to be known as.

import { StateBackedClient } from "@statebacked/client";
import { signToken } from "@statebacked/token";
import type { ServerOptions, SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";

/** What `keys.create` answers. */
export interface SigningKey {
  id: string;
  key: string;
}
type TokenConfig = ConstructorParameters<typeof StateBackedClient>[0];
type ClientOptions = ConstructorParameters<typeof StateBackedClient>[1];

export interface Clients {
  server: SettleServer;
  /** Every line of the server's log. */
  logged: string[];
  /** Signs for ada with a key, the server's first one unless told otherwise. */
  client(key?: SigningKey, options?: ClientOptions): StateBackedClient;
  /** With any other token configuration. */
  clientWith(config: TokenConfig, options?: ClientOptions): StateBackedClient;
}

export async function startWithClients(options: Partial<ServerOptions> = {}): Promise<Clients> {
  const logged: string[] = [];
  const log: ServerOptions["log"] = (entry) => void logged.push(JSON.stringify(entry));
  const server = await startServer({ port: 0, store: "memory:", log, ...options });
  const clientWith: Clients["clientWith"] = (config, more) =>
    new StateBackedClient(config, { apiHost: server.url, ...more });
  return {
    server,
    logged,
    clientWith,
    client({ id, key } = { id: server.keyId, key: server.secretKey }, more) {
      const keys = { stateBackedKeyId: id, stateBackedSecretKey: key };
      return clientWith(() => signToken(keys, { sub: "ada" }, { expires: { in: "1h" } }), more);
    },
  };
}
