// The HTTP API: a machine's own mapper turns a request into an event, and the state that it leads to into the response.

import { withoutSender } from "../domain/auth-context.ts";
import { Problem } from "../domain/problem.ts";
import type { Machine, Version } from "../domain/records.ts";
import type { Engine, InstanceRef, MappedEvent, MappedRequest, MappedResponse } from "../engine/port.ts";
import type { Stored } from "../store/port.ts";
import { readAnyBody } from "./any-body.ts";
import { codeOf } from "./code.ts";
import type { Delivered } from "./deliver.ts";
import { findMachine, findVersion, machineScope, param } from "./lookup.ts";
import { failureProblem } from "./outcome.ts";
import type { Operation, OperationRequest, Reply, Services } from "./services.ts";
import { createInstance, sendEvent } from "./writes.ts";

/** Every method's operation; open, since the mapper's handler is who authenticates. */
export const sendHttpApiRequest: Operation = async (services, _caller, request) => {
  const mapper = param(request, "slug");
  const asked = await mappedRequest(request);
  const current = await currentVersion(services, param(request, "orgId"), param(request, "machineSlug"));
  const { version } = current;
  const event = await mapRequest(services, version, mapper, asked);
  const instance = { orgId: version.orgId, machine: version.machine, slug: event.machineInstanceName };
  const delivered = await deliverMapped(services, current, instance, event);
  const response = await mapResponse(services, instance, mapper, delivered, version);
  return response ? replyOf(response) : { status: 200, body: { ok: true } };
};

/** A machine and its current version. */
interface Current {
  machine: Stored<Machine>;
  version: Version;
}

/** About the connection, not the request; the rest is the handler's to read. */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

async function mappedRequest({ http, body }: OperationRequest): Promise<MappedRequest> {
  const { method, headers, search } = http;
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const relevant = Object.entries(headers).filter(([name]) => !hopByHop.includes(name));
  return {
    body: await readAnyBody(bytes, headers),
    headers: Object.fromEntries(relevant),
    method,
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

async function currentVersion(services: Services, orgId: string, slug: string): Promise<Current> {
  if (!(await services.store.get("org", "", orgId))) {
    throw new Problem("not-found", `There is no organization ${orgId}.`);
  }
  const machine = await findMachine(services, orgId, slug);
  const { currentVersionId } = machine.rec;
  if (currentVersionId !== undefined) {
    return { machine, version: await findVersion(services, orgId, slug, currentVersionId) };
  }
  const mend = "Finalize one with makeCurrent.";
  throw new Problem("not-found", `The machine ${slug} has no current version that could map a request. ${mend}`);
}

async function mapRequest(
  services: Services,
  version: Version,
  mapper: string,
  request: MappedRequest,
): Promise<MappedEvent> {
  const { engine, settings } = services;
  const code = codeOf(services, version.id, version.codeSha256);
  const answer = await engine.mapRequest({ code, mapper, request, timeoutMs: settings.settleTimeoutMs });
  if (answer.kind === "failed") throw failureProblem(answer.reason, answer.message);
  if (answer.kind === "mapped") return answer.event;
  const message = `The current version of the machine ${version.machine} has no httpApiMapper named ${mapper}.`;
  throw new Problem("not-found", message);
}

/** The event for the instance, after its creation when it is missing and the handler says with what context. */
async function deliverMapped(
  services: Services,
  { machine, version }: Current,
  instance: InstanceRef,
  { event, authContext, initialContext }: MappedEvent,
): Promise<Delivered> {
  const actor = { authContext: withoutSender(authContext) };
  const scope = machineScope(instance.orgId, instance.machine);
  if (initialContext && !(await services.store.get("instance", scope, instance.slug))) {
    const birth = { machine, version, context: initialContext };
    await createInstance(services, actor, instance.slug, birth).catch(ignoreTaken);
  }
  return sendEvent(services, actor, instance, event);
}

/** Another request created it meanwhile, which is as good. */
function ignoreTaken(error: unknown): void {
  if (!(error instanceof Problem && error.code === "invalid-state")) throw error;
}

/** By the version that handled the event, whose state it is; by the current one where that version has no such mapper. */
async function mapResponse(
  services: Services,
  instance: InstanceRef,
  mapper: string,
  { state, context, output = null, version }: Delivered,
  current: Version,
): Promise<MappedResponse | null> {
  const { engine, settings } = services;
  const ask = ({ id, codeSha256 }: Version): ReturnType<Engine["mapResponse"]> => {
    const code = codeOf(services, id, codeSha256);
    const reached = { state: state.state, context, result: output };
    return engine.mapResponse({ instance, code, mapper, reached, timeoutMs: settings.settleTimeoutMs });
  };
  let answer = await ask(version);
  if (answer.kind === "absent" && version.id !== current.id) answer = await ask(current);
  if (answer.kind === "failed") throw failureProblem(answer.reason, answer.message);
  return answer.kind === "mapped" ? answer.response : null;
}

/** A page that a machine answers with must not act as one of the service's own, with which it shares the origin. */
const sandbox = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

function replyOf({ status, headers, body }: MappedResponse): Reply {
  const { "content-security-policy": policy } = headers;
  const guards = {
    "content-security-policy": policy === undefined ? sandbox : `${policy}, ${sandbox}`,
    "x-content-type-options": "nosniff",
  };
  return { status, headers: { ...headers, ...guards }, ...(body ? { bytes: body } : {}) };
}
