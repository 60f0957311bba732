// Translates whatever was thrown into the one error answer of the API.

import { Problem } from "../domain/problem.ts";
import { EngineClosed } from "../engine/port.ts";
import { StoreUnavailable, StoreUnreadable } from "../store/port.ts";

/** Writes to the server's log; a defect's stack goes nowhere else. */
export type ServerLog = (entry: { level: "info" | "warn" | "error"; message: string; stack?: string }) => void;

export function toProblem(error: unknown, log: ServerLog): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof StoreUnavailable) {
    const { final: isFinal, message } = error;
    // What may pass the store tells once, and not for every request that it refuses.
    if (isFinal) log({ level: "error", message });
    const what = isFinal ? "takes nothing more until Settle is started again" : "can't take this now";
    return new Problem("unavailable", `The store ${what}: ${message}.`, { cause: error, isFinal });
  }
  if (error instanceof StoreUnreadable) {
    const message = `${error.message[0]?.toUpperCase()}${error.message.slice(1)}.`;
    log({ level: "error", message: error.message });
    return new Problem("internal-error", message, { cause: error });
  }
  if (error instanceof EngineClosed)
    return new Problem("unavailable", "Settle is stopping. Try again when it is back.");
  const framework = frameworkProblem(error);
  if (framework) return framework;
  const defect = error instanceof Error ? error : new Error(String(error));
  log({ level: "error", message: `defect: ${defect.message}`, ...(defect.stack ? { stack: defect.stack } : {}) });
  return new Problem("internal-error", "Something went wrong in Settle itself; its log tells what.", { cause: error });
}

/** The HTTP library's own refusals, by its documented codes. */
function frameworkProblem(error: unknown): Problem | null {
  const { code, statusCode, message } = error as { code?: unknown; statusCode?: unknown; message?: unknown };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return new Problem("body-too-large", "The request body is too large.");
  if (code === "FST_ERR_CTP_INVALID_CONTENT_LENGTH") {
    return new Problem("invalid-parameter", "The body is not as long as content-length says.", {
      parameter: "content-length",
    });
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new Problem("unsupported-media-type", "The content type can't be read. Send application/json.");
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return new Problem("invalid-parameter", `The request can't be read: ${String(message)}.`);
  }
  return null;
}
