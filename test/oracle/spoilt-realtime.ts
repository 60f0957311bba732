// A relay in front of a real server that spoils what goes over its realtime sockets, in one way at a time.

import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocket as WebSocketClient, WebSocketServer } from "ws";

/** The ways to be wrong; the last two are odd but not wrong. */
export type Spoilt =
  | "current-state-missing"
  | "updates-missing"
  | "neighbour-told"
  | "order-reversed"
  | "refusals-told"
  | "everybody-reads"
  | "every-token-good"
  | "private-context-shown"
  | "never-done"
  | "end-ignored"
  | "end-of-all"
  | "ping-answered"
  | "mishap-closes-all"
  | "bytes-sent"
  | "latest-only"
  | "bad-token-refused";

type Message = { [name: string]: unknown };

export interface Relay {
  url: string;
  close(): Promise<void>;
}

/** `goodToken(sub)` is what whoever may read everything would send. */
export async function startRelay(
  upstream: string,
  fault: Spoilt | undefined,
  goodToken: (sub: string) => Promise<string>,
): Promise<Relay> {
  const sockets = new WebSocketServer({ noServer: true });
  const told = new Map<WebSocket, Message>();

  const server = createServer((request, response) =>
    forward(upstream, request, response, (status) => {
      if (fault !== "refusals-told" || status < 400 || !request.url?.endsWith("/events")) return;
      for (const [socket, message] of told) socket.send(JSON.stringify(message));
    }),
  );
  server.on("upgrade", (request, socket, head) => {
    void tokenFor(new URL(request.url ?? "/", upstream), fault, goodToken).then((url) => {
      if (url === null) return socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      return sockets.handleUpgrade(request, socket, head, (client) => relay(client, new WebSocketClient(url)));
    });
  });

  function relay(client: WebSocket, service: WebSocketClient): void {
    const waiting: string[] = [];
    const spoil = createSpoiler(fault, (message) => {
      if (message.type === "instance-update") told.set(client, message);
      const text = JSON.stringify(message);
      client.send(fault === "bytes-sent" ? Buffer.from(text) : text);
    });
    const pass = (text: string) => (service.readyState === service.OPEN ? service.send(text) : waiting.push(text));
    service.on("open", () => waiting.splice(0).forEach((text) => void service.send(text)));
    service.on("message", (data) => spoil.fromService(JSON.parse(String(data)) as Message));
    service.on("close", () => client.close());
    service.on("error", () => client.close());
    client.on("message", (data) => {
      const text = String(data);
      const isMishap = !text.startsWith("{");
      if (isMishap && fault === "mishap-closes-all") for (const other of sockets.clients) other.close();
      else for (const message of isMishap ? [text] : spoil.fromClient(JSON.parse(text) as Message)) pass(message);
    });
    client.on("close", () => {
      told.delete(client);
      service.close();
    });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const client of sockets.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()).closeAllConnections());
    },
  };
}

function forward(upstream: string, request: IncomingMessage, response: ServerResponse, done: (status: number) => void) {
  const { method, headers } = request;
  const onward = httpRequest(`${upstream}${request.url}`, { method: method ?? "GET", headers }, (answer) => {
    const { statusCode = 502 } = answer;
    done(statusCode);
    response.writeHead(statusCode, answer.headers);
    answer.pipe(response);
  });
  request.pipe(onward);
}

/** The service's URL with the token that is to be used; null refuses the handshake. */
async function tokenFor(
  url: URL,
  fault: Spoilt | undefined,
  goodToken: (sub: string) => Promise<string>,
): Promise<string | null> {
  const token = url.searchParams.get("token") ?? "";
  const probe = await fetch(new URL("/machines", url), { headers: { authorization: `Bearer ${token}` } });
  if (fault === "bad-token-refused" && (probe.status === 403 || url.searchParams.has("x-statebacked-org-id")))
    return null;
  if (fault === "every-token-good" && probe.status === 403) url.searchParams.set("token", await goodToken("oracle"));
  if (fault === "everybody-reads") url.searchParams.set("token", await goodToken("ada"));
  url.protocol = "ws:";
  return url.href;
}

function createSpoiler(fault: Spoilt | undefined, tell: (message: Message) => void) {
  let seen = 0;
  let held: Message | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function fromService(message: Message): void {
    const isUpdate = message.type === "instance-update";
    if (isUpdate) seen++;
    if (isUpdate && fault === "current-state-missing" && seen === 1) return;
    if (isUpdate && fault === "updates-missing" && seen > 1) return;
    if (isUpdate && fault === "private-context-shown")
      message.publicContext = { ...(message.publicContext as object), secret: "hidden" };
    if (fault === "never-done" && isUpdate) message.done = false;
    if (isUpdate && fault === "order-reversed" && seen > 1) {
      if (held === undefined) {
        held = message;
        timer = setTimeout(flush, 100);
        return;
      }
      clearTimeout(timer);
      tell(message);
      flush();
      return;
    }
    if (isUpdate && fault === "latest-only") {
      held = message;
      clearTimeout(timer);
      timer = setTimeout(flush, 20);
      return;
    }
    tell(message);
  }

  function flush(): void {
    if (held) tell(held);
    held = undefined;
  }

  function fromClient(message: Message): string[] {
    const { type, requestId, machineInstanceName } = message;
    if (type === "ping" && fault === "ping-answered") tell({ type: "pong" });
    const isEnd = type === "unsubscribe-from-instance";
    if (isEnd && fault === "end-ignored") return [];
    const own = JSON.stringify(message);
    if (isEnd && fault === "end-of-all")
      return ["one", "two", requestId].map((id) => JSON.stringify({ ...message, requestId: id }));
    if (type !== "subscribe-to-instance" || fault !== "neighbour-told") return [own];
    return [
      own,
      JSON.stringify({ ...message, requestId: `${requestId}1`, machineInstanceName: `${machineInstanceName}1` }),
    ];
  }

  return { fromService, fromClient };
}
