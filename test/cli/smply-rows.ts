// Every command of the published CLI that can work without its hosted service, in an order in which each finds what it needs.

import { expect } from "vitest";

export interface Row {
  /** The command line. `<name>` is what an earlier row saved. */
  args: string[];
  /** What a person would type; prompts end with a new line. */
  input?: string;
  /** The operations it calls: it runs once all of them are delivered. */
  needs: string[];
  /** @default 0 */
  code?: number;
  /** JSON that it prints (`save` takes values from it by JSON pointer), or a text. */
  json?: unknown;
  save?: { [name: string]: string };
  text?: RegExp;
  /** @default nothing */
  errors?: RegExp;
  /** It goes on until it is stopped: once it printed this. */
  until?: RegExp;
}

/** Files in the folder where the commands run. */
export const files = {
  "door.js": door(""),
  "door2.js": door("locked: {}"),
  // Built by the CLI, with the XState that is installed here.
  "lamp.js": `import { createMachine } from "xstate"; export const allowRead = () => true; export const allowWrite = () => true;
    export default createMachine({ predictableActionArguments: true, initial: "dark", states: { dark: {} } });`,
  "whole.js": `export const allowRead = () => true; export const allowWrite = () => true; export default { __xstatenode: true, definition: {} };`,
  "half.js": "export const allowRead = () => true;",
  "migration.js":
    "export const upgradeState = (path) => path; export const upgradeContext = (from, to, context) => context;",
};

function door(more: string): string {
  return `import { createMachine } from "npm:xstate";
    export const allowRead = ({ authContext }) => authContext.sub === "ada";
    export const allowWrite = ({ authContext }) => authContext.sub === "ada";
    export default createMachine({ predictableActionArguments: true, initial: "shut", context: { public: {} },
      states: { shut: { on: { OPEN: "open" } }, open: { entry: () => console.log("creak"), on: { SHUT: "shut" } }, ${more} } });`;
}

const version = expect.stringMatching(/^ver_[\w-]{22}$/);
const ada = ["-a", '{"sub":"ada"}'];
const front = ["-m", "door", "-i", "front"];
const publish = ["createMachineVersion", "finalizeMachineVersion"];

const machines: Row[] = [
  { args: ["machines", "list"], needs: ["listMachines"], json: [] },
  { args: ["machines", "create", "-m", "bare"], needs: ["createMachine"], json: { name: "bare" } },
  {
    args: ["machines", "create", "-m", "door", "-r", "1.0", "-j", "door.js", "-s"],
    needs: ["createMachine", ...publish],
    json: { name: "door", currentVersion: { machineVersionId: version } },
    save: { v1: "/currentVersion/machineVersionId" },
  },
  {
    args: ["machines", "create", "-m", "lamp", "-n", "lamp.js"],
    needs: ["createMachine", ...publish],
    json: { name: "lamp", currentVersion: { machineVersionId: version } },
  },
  {
    args: ["machines", "create", "-m", "door"],
    needs: ["createMachine"],
    code: 1,
    errors: /^ConflictError \(invalid-state\): /,
  },
  {
    args: ["machines", "get", "-m", "door"],
    needs: ["getMachine"],
    json: { machine: { currentVersion: { clientInfo: "1.0" } } },
  },
  { args: ["machines", "get", "-m", "none"], needs: ["getMachine"], code: 1, errors: /^NotFoundError \(not-found\): / },
  {
    args: ["machines", "list"],
    needs: ["listMachines"],
    json: [{ name: "bare" }, { name: "door", currentVersion: { clientInfo: "1.0" } }, { name: "lamp" }],
  },
];

const versions: Row[] = [
  {
    args: ["machine-versions", "create", "-m", "door", "-r", "2.0", "-j", "door2.js", "-s"],
    needs: publish,
    json: { machineVersionId: version },
    save: { v2: "/machineVersionId" },
  },
  {
    args: ["machine-versions", "create", "-m", "lamp", "-r", "2.0", "-n", "lamp.js", "-c"],
    needs: publish,
    text: /^Valid bundle\n\{\n {2}"machineVersionId": "ver_/,
  },
  {
    args: ["machine-versions", "list", "-m", "lamp"],
    needs: ["listMachineVersions"],
    json: [{ clientInfo: "0.0.1" }, { id: version, clientInfo: "2.0" }],
  },
  { args: ["machine-versions", "validate-bundle", "-j", "whole.js"], needs: [], text: /^Valid bundle$/ },
  { args: ["machine-versions", "validate-bundle", "-j", "half.js"], needs: [], code: 1, errors: /Invalid bundle/ },
];

const instances: Row[] = [
  {
    args: ["instances", "create", ...front, ...ada, "-c", '{"public":{"sign":"pull"}}', "-v", "<v1>"],
    needs: ["createMachineInstance"],
    json: { state: "shut", publicContext: { sign: "pull" }, done: false },
  },
  {
    args: ["instances", "create", "-m", "door", "-i", "back", "-a", '{"sub":"eve"}'],
    needs: ["createMachineInstance"],
    code: 1,
    errors: /rejected-by-machine-authorizer/,
  },
  {
    args: ["instances", "send-event", ...front, ...ada, "-e", "OPEN"],
    needs: ["sendMachineInstanceEvent"],
    json: { state: "open" },
  },
  {
    args: ["instances", "send-event", ...front, ...ada, "-e", '{"type":"SHUT"}'],
    needs: ["sendMachineInstanceEvent"],
    json: { state: "shut" },
  },
  {
    args: ["instances", "get", ...front],
    needs: ["getMachineInstanceAdmin"],
    json: { state: "shut", status: "running", context: { public: { sign: "pull" } } },
  },
  {
    args: ["instances", "list", "-m", "door"],
    needs: ["listMachineInstances"],
    json: [{ name: "front", status: "running", machineVersion: { clientInfo: "1.0" } }],
  },
  {
    args: ["instances", "list-transitions", ...front],
    needs: ["listMachineInstanceTransitions"],
    json: [
      { event: { type: "OPEN" }, state: "open" },
      { event: { type: "SHUT" }, state: "shut" },
    ],
  },
  {
    args: ["instances", "set-status", ...front, "-s", "paused"],
    input: "front\n",
    needs: ["setMachineInstanceStatus"],
    text: /Set instance status$/,
  },
  {
    args: ["instances", "send-event", ...front, ...ada, "-e", "OPEN"],
    needs: ["setMachineInstanceStatus"],
    code: 1,
    errors: /^ConflictError \(invalid-state\): /,
  },
  {
    args: ["instances", "set-status", ...front, "-s", "running"],
    needs: ["setMachineInstanceStatus"],
    text: /^Set instance status$/,
  },
];

const migrations: Row[] = [
  {
    args: ["migrations", "create", "-m", "door", "--from", "<v1>", "--to", "<v2>", "-j", "migration.js"],
    needs: ["createMigration", "finalizeMigration"],
    json: { machineVersionMigrationId: expect.stringMatching(/^mig_/) },
  },
  {
    args: ["instances", "set-desired-version", ...front, "-v", "<v2>"],
    needs: ["setDesiredMachineVersion", "finalizeMigration"],
    text: /^Successfully set desired version$/,
  },
  {
    args: ["instances", "set-desired-version", "-m", "door", "-i", "front", "-v", "<v1>"],
    needs: ["setDesiredMachineVersion"],
    text: /^Successfully set desired version$/,
  },
];

const logs: Row[] = [
  {
    args: ["logs", "get", "--from=-1h", "-m", "door", "-i", "front", "-v", "<v1>"],
    needs: ["getLogs"],
    json: { logs: [{ machineName: "door", instanceName: "front", outputType: "stdout", log: "creak" }] },
  },
  { args: ["logs", "get", "--from=-1h", "--to", "1s"], needs: ["getLogs"], json: { logs: [] } },
  { args: ["logs", "watch", "--from=-1h", "--clean"], needs: ["getLogs"], until: /^creak$/ },
];

const mapping = ["-m", '{"sub.$":"$.sub"}'];
const updated = /^Identity provider configuration updated$/;
const access: Row[] = [
  {
    args: ["keys", "create", "-n", "k1"],
    needs: ["createKey"],
    text: /"id": "sbk_[\w-]{22}",\n {2}"key": "sbsec_/,
    save: { k1: "/id" },
  },
  { args: ["keys", "create", "-n", "k2", "--use", "ci"], needs: ["createKey"], text: /"key": "sbsec_/ },
  {
    args: ["keys", "create", "-n", "k3", "-s", "state.read", "instances.read"],
    needs: ["createKey"],
    text: /"key": "sbsec_/,
  },
  {
    args: ["keys", "list"],
    needs: ["createKey", "listKeys"],
    json: expect.arrayContaining(["k1", "k2", "k3"].map((name) => expect.objectContaining({ name }))),
  },
  {
    args: ["identity-providers", "upsert", "-a", "app", "-l", "HS256", "HS512", "-k", "secret", ...mapping],
    needs: ["upsertIdentityProvider"],
    text: updated,
  },
  {
    args: ["identity-providers", "upsert-supabase", "-p", "x", "-s", "secret", ...mapping],
    needs: ["upsertIdentityProvider"],
    text: updated,
  },
  {
    args: ["identity-providers", "upsert-auth0", "-d", "x.auth0.com", ...mapping],
    needs: ["upsertIdentityProvider"],
    text: updated,
  },
  {
    args: ["identity-providers", "upsert-cognito", "--user-pool-id", "x", "-r", "eu-west-1", ...mapping],
    needs: ["upsertIdentityProvider"],
    text: updated,
  },
  {
    args: ["identity-providers", "list"],
    needs: ["upsertIdentityProvider", "listIdentityProviders"],
    json: expect.arrayContaining([expect.objectContaining({ aud: "app", algs: ["HS256", "HS512"] })]),
  },
  {
    args: ["identity-providers", "delete", "-a", "app"],
    input: "y\n",
    needs: ["upsertIdentityProvider", "deleteIdentityProvider"],
    text: /Identity provider configuration deleted$/,
  },
  {
    args: ["token-providers", "upsert", "-s", "web", "-k", "<k1>", ...mapping],
    needs: ["createKey", "upsertTokenProvider"],
    text: /^Created token provider web$/,
  },
  {
    args: ["token-providers", "list"],
    needs: ["createKey", "upsertTokenProvider", "listTokenProviders"],
    json: expect.arrayContaining([expect.objectContaining({ service: "web" })]),
  },
  {
    args: ["token-providers", "delete", "-s", "web"],
    input: "web\n",
    needs: ["createKey", "upsertTokenProvider", "deleteTokenProvider"],
    text: /Deleted token provider web$/,
  },
  { args: ["keys", "delete", "-k", "<k1>"], needs: ["createKey", "deleteKey"], text: /^Successfully deleted key$/ },
  {
    args: ["tokens", "generate", "-k", "sbk_x", "-s", "sbsec_x", "-c", '{"sub":"ada"}'],
    needs: [],
    text: /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/,
  },
];

const orgs: Row[] = [
  { args: ["billing"], needs: ["getBilling"], text: /^http:\/\/127\.0\.0\.1:\d+\// },
  {
    args: ["invitations", "send", "-e", "eve@example.com", "-r", "read"],
    needs: ["sendInvitation"],
    text: /^Invitation sent\.$/,
  },
  {
    args: ["invitations", "accept", "-i", "<invitation>"],
    needs: ["sendInvitation", "acceptInvitation"],
    text: /^Invitation accepted\./,
  },
  {
    args: ["orgs", "create", "-n", "acme"],
    needs: ["createOrg"],
    json: { orgId: expect.stringMatching(/^org_/) },
    save: { acme: "/orgId" },
  },
  {
    args: ["orgs", "list"],
    needs: ["createOrg", "listOrgs"],
    json: expect.arrayContaining([expect.objectContaining({ name: "acme" })]),
  },
  { args: ["--org", "<acme>", "machines", "list"], needs: ["createOrg", "listMachines"], json: [] },
  { args: ["orgs", "default", "get"], needs: [], text: /^No default organization set\.$/ },
  { args: ["orgs", "default", "set", "-o", "org_x"], needs: [], text: /^Successfully set default org$/ },
];

const ends: Row[] = [
  {
    args: ["instances", "delete", ...front],
    input: "front\n",
    needs: ["deleteMachineInstance"],
    text: /Deleted instance$/,
  },
  { args: ["machines", "delete", "-m", "bare"], input: "bare\n", needs: ["deleteMachine"], text: /Deleted machine$/ },
  { args: ["machines", "delete", "-m", "lamp"], input: "something else\n", needs: ["deleteMachine"], text: /Aborting/ },
];

export const rows: Row[] = [
  ...machines,
  ...versions,
  ...instances,
  ...migrations,
  ...logs,
  ...access,
  ...orgs,
  ...ends,
];
