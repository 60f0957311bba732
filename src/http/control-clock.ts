// Moving the manual clock over HTTP.

import type { FastifyInstance } from "fastify";
import { Problem } from "../domain/problem.ts";
import type { TimeTravel } from "../operations/time-travel.ts";
import { readControlBody } from "./control-body.ts";

/** @param timeTravel undefined where the clock is the real one */
export function registerClockControl(app: FastifyInstance, timeTravel: TimeTravel | undefined): void {
  app.post<{ Querystring: { preview?: string } }>("/_settle/clock/advance", async (request) => {
    if (!timeTravel) {
      throw new Problem("invalid-state", "The clock is the real one and can't be moved. Start with --clock manual.");
    }
    const { ms } = readControlBody(request.body, { ms: 60_000 });
    // Whatever it is, the move itself says what is wrong with it.
    return isPreview(request.query.preview) ? timeTravel.preview(ms as number) : timeTravel.advance(ms as number);
  });
}

/** `?preview`, with or without a value. */
function isPreview(value: string | undefined): boolean {
  return value !== undefined && value !== "false" && value !== "0";
}
