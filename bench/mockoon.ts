// The data file that makes Mockoon answer what Settle answered; what is left out, its `--repair` fills in.

import type { FixedAnswer } from "./rivals.ts";

export function mockoonEnvironment(answers: FixedAnswer[]): object {
  return {
    uuid: "b5e7c9c0-0000-4000-8000-000000000000",
    lastMigration: 33,
    name: "bench",
    hostname: "127.0.0.1",
    routes: answers.map(({ method, path, body }) => ({
      type: "http",
      method: method.toLowerCase(),
      endpoint: path.slice(1).replaceAll(/\{(\w+)\}/g, ":$1"),
      responses: [
        {
          default: true,
          statusCode: 200,
          headers: [{ key: "content-type", value: "application/json" }],
          body,
          disableTemplating: true,
        },
      ],
    })),
  };
}
