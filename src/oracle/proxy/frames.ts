// Reads the messages of a WebSocket connection from a copy of its bytes, while the bytes themselves pass as they are.

import type { Writable } from "node:stream";
import * as library from "ws";
import { longestJudged } from "./copy.ts";

/** What of the library its published types leave out. @see ws, lib/receiver.js and lib/permessage-deflate.js */
interface Internals {
  Receiver: new (options: { isServer: boolean; maxPayload: number; extensions: object }) => Writable;
  PerMessageDeflate: (new (options: {
    isServer: boolean;
    maxPayload: number;
  }) => { params: object }) & { extensionName: string };
  extension: { parse(header: string): { [name: string]: { [parameter: string]: unknown[] }[] } };
}

const { Receiver, PerMessageDeflate, extension } = library as unknown as Internals;

/** `extensions` is a header of the answer to the handshake; a message that is not text is null. `onProblem`: its bytes can't be read any more. */
export function createReader(
  from: "client" | "upstream",
  extensions: string,
  onMessage: (text: string | null) => void,
  onProblem: (problem: string) => void,
): (chunk: Buffer) => void {
  const isServer = from === "client";
  const receiver = new Receiver({ isServer, maxPayload: longestJudged, extensions: inUse(extensions, isServer) });
  let isOver = false;
  receiver.on("message", (data: Buffer, isBinary: boolean) => onMessage(isBinary ? null : String(data)));
  receiver.on("conclude", () => {
    isOver = true;
  });
  receiver.on("error", (error: Error) => {
    if (!isOver) onProblem(error.message);
    isOver = true;
  });
  return (chunk) => {
    // A copy: the library unmasks in place, and these bytes still have a way to go.
    if (!isOver) receiver.write(Buffer.from(chunk));
  };
}

function inUse(header: string, isServer: boolean): object {
  const name = PerMessageDeflate.extensionName;
  const [params] = header === "" ? [] : (extension.parse(header)[name] ?? []);
  if (params === undefined) return {};
  const deflate = new PerMessageDeflate({ isServer, maxPayload: longestJudged });
  // As both sides agreed; numbers are written as texts, and a parameter without a value is true.
  deflate.params = Object.fromEntries(
    Object.entries(params).map(([key, [value]]) => [key, typeof value === "string" ? Number(value) : value]),
  );
  return { [name]: deflate };
}
