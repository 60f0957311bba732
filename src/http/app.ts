// The HTTP server: Fastify carries the requests, the document decides what they mean.

import type { FastifyCorsOptions } from "@fastify/cors";
import cors from "@fastify/cors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Fastify from "fastify";
import { Problem } from "../domain/problem.ts";
import type { Services } from "../operations/services.ts";
import type { StateControl } from "../operations/state/control.ts";
import { createQuiet, type Quiet } from "../operations/state/quiet.ts";
import { operationTable } from "../operations/table.ts";
import type { TimeTravel } from "../operations/time-travel.ts";
import type { Operation } from "../spec/document.ts";
import { createResponseCheck } from "../spec/response-check.ts";
import { Admission, type AdmissionLimits, defaultAdmissionLimits, type Place } from "./admission.ts";
import type { Api } from "./api.ts";
import { createApi } from "./api.ts";
import { createAuthenticator } from "./authentication.ts";
import { bodyLimitOf } from "./body.ts";
import { createClientErrors } from "./client-error.ts";
import { registerControlPlane } from "./control.ts";
import { limitControlBodies } from "./control-body.ts";
import { registerClockControl } from "./control-clock.ts";
import { registerExplain } from "./control-explain.ts";
import { guardControlPlane } from "./control-guard.ts";
import { registerStateControl } from "./control-state.ts";
import type { ServerLog } from "./errors.ts";
import { toProblem } from "./errors.ts";
import { createFrames } from "./frames.ts";
import { limitBody } from "./limit-body.ts";
import { answerOddRequests } from "./odd-requests.ts";
import type { Realtime } from "./realtime.ts";
import { createRealtime } from "./realtime.ts";
import type { SocketLimits } from "./realtime-socket.ts";
import type { Responder, ResponseCheckMode } from "./responses.ts";
import { createResponder } from "./responses.ts";
import { cutStalledReaders, defaultPatience, type Patience, watchConnections } from "./slow-clients.ts";
import { hostOf, originForm } from "./target.ts";
import { registerUploads } from "./uploads.ts";

export interface AppOptions {
  services: Services;
  /** Base of absolute URLs; without it, the request's own host. */
  publicUrl: string | undefined;
  responseCheck: ResponseCheckMode;
  /** By operationId. @default every operation delivered so far */
  operations?: typeof operationTable;
  /** What differs from the realtime socket's usual limits. */
  socketLimits?: Partial<SocketLimits>;
  /** What differs from how long clients may usually take. */
  patience?: Partial<Patience>;
  /** What differs from how much may usually be in hand. */
  admission?: Partial<AdmissionLimits>;
  /** Whether there is no room for more of what is stored. @default never */
  isShortOfMemory?: () => boolean;
  /** Whose token opens the control plane, and which organization that means unless told otherwise. */
  owner: { adminToken: string; orgId: string };
  /** Absent where the clock is the real one. */
  timeTravel?: TimeTravel | undefined;
  /** Without it the state is nobody's to put in. */
  state?: StateControl;
  /** What each request to the API waits for, and is in hand of. */
  quiet?: Quiet;
  /** What `/_settle/ready` answers. */
  isReady(): boolean;
  version: string;
  log: ServerLog;
  /** Hears each answer of an operation; 101 is a realtime socket. */
  onAnswer?: ((operationId: string, status: number) => void) | undefined;
}

/** What whoever starts the server needs of it: where it listens, its request listener, its end. */
export type App = Pick<FastifyInstance, "listen" | "server" | "routing" | "addHook" | "close">;

/** Longest body any route reads; each operation's own limit is smaller or equal. */
const longestBodyBytes = 32_000_000;

export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { services, log, state, quiet = createQuiet() } = options;
  const check = createResponseCheck();
  const responder = createResponder(check, options.responseCheck, log);
  let realtime: Realtime | undefined;
  const clientErrors = createClientErrors();
  const patience = { ...defaultPatience, ...options.patience };
  const app = Fastify({
    bodyLimit: longestBodyBytes,
    forceCloseConnections: "idle",
    requestTimeout: patience.request,
    keepAliveTimeout: patience.idle,
    http: {
      headersTimeout: patience.headers,
      connectionsCheckingInterval: patience.look,
      // Node's own refusal has another shape than ours (@see hostOf); and only `/rt` changes protocols.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => realtime?.isHandshake(request) ?? false,
    },
    // A name that is too long is for its operation to refuse.
    routerOptions: { maxParamLength: 100_000 },
    rewriteUrl: (request) => originForm(request.url ?? "/"),
    clientErrorHandler: clientErrors.answer,
    frameworkErrors: (error, _request, reply) =>
      responder.sendProblem(reply as FastifyReply, undefined, toProblem(error, log)),
  });
  clientErrors.watch(app.server);
  cutStalledReaders(app.server, patience.reading, clientErrors.hasRequest);
  const letGoOfSilent = watchConnections(app.server, clientErrors.hasRequest);
  answerOddRequests(app.server);
  letGoWhileStopping(app, async () => {
    await realtime?.close();
    letGoOfSilent();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes, done) => done(null, bytes));
  await app.register(cors, {
    origin: "*",
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowedHeaders: ["authorization", "content-type", "x-statebacked-org-id", "x-statebacked-act"],
    maxAge: 86_400,
    strictPreflight: false,
  });
  app.setErrorHandler((error, request, reply) =>
    responder.sendProblem(reply, operationIdOf(request), toProblem(error, log)),
  );
  guardControlPlane(app, options.owner.adminToken);
  limitControlBodies(app);
  registerControlPlane(app, { isReady: options.isReady, version: options.version });
  registerClockControl(app, options.timeTravel);
  registerExplain(app, services, options.owner.orgId, quiet);
  const limits = { ...defaultAdmissionLimits, ...options.admission };
  const admission = new Admission(limits, options.isShortOfMemory ?? (() => false));
  await registerUploads(app, services, quiet, admission);
  if (state) registerStateControl(app, state);
  const authenticator = createAuthenticator(services.store);
  const api = heldStillBy(quiet, await createApi(services, authenticator, options.operations ?? operationTable));
  registerApi(app, api, responder, admission, options);
  const frames = createFrames(check, options.responseCheck, log);
  realtime = createRealtime({ services, authenticator, api, frames, log, limits: options.socketLimits ?? {} });
  realtime.accept(app.server);
  state?.onReplaced(() => realtime?.restart());
  tellOfAnswers(app, options.onAnswer);
  return app;
}

/** While stopping, a connection is let go with its answer: kept alive, it would keep the server from ending. */
function letGoWhileStopping(app: FastifyInstance, letGo: () => Promise<void>): void {
  let isClosing = false;
  app.addHook("preClose", () => {
    isClosing = true;
    return letGo();
  });
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (isClosing) reply.header("connection", "close");
    done();
  });
}

function heldStillBy(quiet: Quiet, api: Api): Api {
  return { route: api.route, handle: (operation, raw) => quiet.during(() => api.handle(operation, raw)) };
}

function tellOfAnswers(app: FastifyInstance, onAnswer: AppOptions["onAnswer"]): void {
  if (onAnswer === undefined) return;
  app.addHook("onResponse", (request, reply, done) => {
    if (request.operation !== undefined) onAnswer(request.operation.operationId, reply.statusCode);
    done();
  });
  app.server.on("upgrade", () => onAnswer("openRealtime", 101));
}

/** Everything that is not the control plane's: any method, any path. */
function registerApi(
  app: FastifyInstance,
  api: Api,
  responder: Responder,
  admission: Admission,
  { publicUrl, timeTravel }: AppOptions,
): void {
  app.decorateRequest("operation", undefined);
  app.decorateRequest("contentType", undefined);
  app.decorateRequest("place", undefined);
  // Plain callbacks, here and below: nothing is waited for, and these run for every request.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.url.startsWith("/_settle")) return done();
    // Routed before the body is read: what leads nowhere is not worth receiving.
    const routed = api.route(request.method, request.url);
    if ("problem" in routed) {
      if (routed.allow) reply.header("allow", routed.allow);
      return done(routed.problem);
    }
    request.operation = routed;
    const refusal = seat(admission, routed, request, reply);
    if (refusal) return done(refusal);
    // Fastify would judge a body's label before anybody asked who sends it; here that is the operation's affair.
    request.contentType = request.headers["content-type"];
    delete request.raw.headers["content-type"];
    done();
  });
  app.addHook("preParsing", ({ headers, operation }, _reply, payload, done) => {
    const limited = operation ? limitBody(headers, payload, bodyLimitOf(operation)) : payload;
    if (limited instanceof Problem) done(limited);
    else done(null, limited);
  });
  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    if (isPreflight(request)) return reply.code(204).send();
    const { operation } = request;
    if (!operation) throw nothingAt(app, request, reply);
    const { method, url, headers, contentType } = request;
    if (timeTravel && method !== "GET" && method !== "HEAD") await timeTravel.caughtUp();
    const host = hostOf(request.raw);
    const baseUrl = publicUrl ?? `${request.protocol}://${host}`;
    const bytes = Buffer.isBuffer(request.body) ? request.body : undefined;
    // It is worked on even where the client has gone.
    request.place?.hold();
    try {
      const answer = await api.handle(operation, { method, url, headers, contentType, bytes, baseUrl });
      return responder.send(reply, operation.operationId, answer);
    } finally {
      request.place?.leave();
    }
  };
  // OPTIONS belongs to CORS; methods that this list doesn't have go to the not-found handler, which answers the same way.
  app.route({
    method: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"],
    url: "/*",
    exposeHeadRoute: false,
    handler: handle,
  });
  // What comes from another origin may be anything here, a plain OPTIONS included, and it is the mapper's to refuse it.
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  app.route({
    method: methods,
    url: "/http-api/*",
    exposeHeadRoute: false,
    handler: handle,
    config: { cors: { methods, allowedHeaders: ["*", "authorization"], preflightContinue: true } },
  });
  app.setNotFoundHandler(handle);
}

/** Gives the request its place until it is answered. @returns why there is none */
function seat(
  admission: Admission,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): Problem | undefined {
  const { method, headers } = request;
  const place = admission.enter({ method, headers, longestBodyBytes: bodyLimitOf(operation) });
  if (place instanceof Problem) return place;
  request.place = place;
  reply.raw.once("close", place.leave);
  return undefined;
}

/** A route of the control plane that has other methods says which. */
function nothingAt(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Problem {
  const [path = ""] = request.url.split("?");
  const url = path.replace(/^(\/_settle\/snapshots)\/[^/]+/, "$1/:name");
  const allowed = ["GET", "POST", "PUT", "DELETE"].filter((method) => app.hasRoute({ method, url }));
  if (allowed.length === 0) return new Problem("not-found", `There is nothing at ${request.url}.`);
  reply.header("allow", allowed.join(", "));
  return new Problem("method-not-allowed", `${path} takes ${allowed.join(" or ")}, and not ${request.method}.`);
}

/** A browser's question before a request from another origin; the CORS plugin has written the answer into the headers. */
function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
}

function operationIdOf(request: FastifyRequest): string | undefined {
  return request.operation?.operationId;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** What differs from the CORS plugin's options. */
    cors?: FastifyCorsOptions;
  }
  interface FastifyRequest {
    /** What the document routes this request to. */
    operation: Operation | undefined;
    /** What labels the body. */
    contentType: string | undefined;
    /** Among what is in hand; absent for what needs none. */
    place: Place | undefined;
  }
}
