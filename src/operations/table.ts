// Every operation of the document, by its operationId.

import { getBilling } from "./billing.ts";
import { sendHttpApiRequest } from "./http-api.ts";
import { deleteIdentityProvider, listIdentityProviders, upsertIdentityProvider } from "./identity-providers.ts";
import { queryMachineInstances } from "./indexes.ts";
import { deleteMachineInstance, setDesiredMachineVersion, setMachineInstanceStatus } from "./instance-lifecycle.ts";
import {
  createMachineInstance,
  getMachineInstance,
  getMachineInstanceAdmin,
  listMachineInstances,
  listMachineInstanceTransitions,
  sendMachineInstanceEvent,
} from "./instances.ts";
import { acceptInvitation, sendInvitation } from "./invitations.ts";
import { createKey, deleteKey, listKeys } from "./keys.ts";
import { getLogs } from "./logs.ts";
import { createMachine, deleteMachine, getMachine, listMachines } from "./machines.ts";
import { createMigration, finalizeMigration } from "./migrations.ts";
import { createOrg, listOrgs } from "./orgs.ts";
import { openRealtime } from "./realtime.ts";
import type { Operation } from "./services.ts";
import { deleteTokenProvider, listTokenProviders, upsertTokenProvider } from "./token-providers.ts";
import { exchangeToken } from "./tokens.ts";
import { createMachineVersion, finalizeMachineVersion, listMachineVersions } from "./versions.ts";

export const operationTable: { [operationId: string]: Operation } = {
  createMachine,
  getMachine,
  listMachines,
  createMachineVersion,
  finalizeMachineVersion,
  listMachineVersions,
  createMachineInstance,
  getMachineInstance,
  getMachineInstanceAdmin,
  listMachineInstances,
  listMachineInstanceTransitions,
  sendMachineInstanceEvent,
  sendHttpApiGet: sendHttpApiRequest,
  sendHttpApiPut: sendHttpApiRequest,
  sendHttpApiPost: sendHttpApiRequest,
  sendHttpApiDelete: sendHttpApiRequest,
  sendHttpApiOptions: sendHttpApiRequest,
  sendHttpApiHead: sendHttpApiRequest,
  sendHttpApiPatch: sendHttpApiRequest,
  queryMachineInstances,
  getLogs,
  listIdentityProviders,
  upsertIdentityProvider,
  deleteIdentityProvider,
  listTokenProviders,
  upsertTokenProvider,
  deleteTokenProvider,
  exchangeToken,
  listOrgs,
  createOrg,
  sendInvitation,
  acceptInvitation,
  listKeys,
  createKey,
  deleteKey,
  getBilling,
  openRealtime,
  deleteMachine,
  deleteMachineInstance,
  setMachineInstanceStatus,
  setDesiredMachineVersion,
  createMigration,
  finalizeMigration,
};
