// Machine code as a faulty engine would run it: the module as it was uploaded, with something between its exports and whoever uses them.

import type { CodeRef, Engine } from "../../src/engine/port.ts";
import type { Services } from "../../src/operations/services.ts";
import { withEngine } from "./ports.ts";

/** Every version is run as `rewrite` has it; migrations are left alone. */
export function withCode(services: Services, rewrite: (code: string) => string): Services {
  const rewritten = ({ versionId, fetch }: CodeRef): CodeRef => ({
    versionId,
    fetch: async () => rewrite(await fetch()),
  });
  const through = <Q extends { code: CodeRef }>(query: Q): Q => ({ ...query, code: rewritten(query.code) });
  return withEngine(services, (sound) => ({
    inspect: (code) => sound.inspect(rewritten(code)),
    deliver: (delivery) => sound.deliver(through(delivery)),
    authorizeRead: (query) => sound.authorizeRead(through(query)),
    explain: (question) => sound.explain(through(question)),
    mapRequest: (call) => sound.mapRequest(through(call)),
    mapResponse: (call: Parameters<Engine["mapResponse"]>[0]) => sound.mapResponse(through(call)),
    migrate: (request) => sound.migrate({ ...request, from: rewritten(request.from) }),
  }));
}

/** Exports `wrap(original)` in the place of a named export; `wrap` is an expression. Code that has no such export stays as it is. */
export function wrapExport(code: string, name: string, wrap: string): string {
  const inner = `__original_${name}`;
  const declared = new RegExp(`^export\\s+(const|let|var|function|async function)\\s+${name}\\b`, "m");
  const listed = new RegExp(`(^export\\s*\\{[^}]*?)(\\w+\\s+as\\s+)?\\b${name}\\b([^}]*\\})`, "m");
  const tail = (original: string) =>
    `\nconst __wrapped_${name} = (${wrap})(${original});\nexport { __wrapped_${name} as ${name} };\n`;
  if (declared.test(code)) return code.replace(declared, `$1 ${inner}`) + tail(inner);
  const [, , as] = listed.exec(code) ?? [];
  if (!listed.test(code)) return code;
  return code.replace(listed, `$1${as ?? `${name} as `}${inner}$3`) + tail(as?.split(/\s/)[0] ?? name);
}

/** Exports `wrap(machine)` in the place of the machine; `wrap` is an expression. */
export function wrapMachine(code: string, wrap: string): string {
  const expression = /^export\s+default\s+/m;
  const listed = /(^export\s*\{[^}]*?)(\w+)\s+as\s+default\b([^}]*\})/m;
  const tail = (original: string) => `\nexport default (${wrap})(${original});\n`;
  if (expression.test(code))
    return code.replace(expression, "const __original_machine = ") + tail("__original_machine");
  const [, , name = ""] = listed.exec(code) ?? [];
  return listed.test(code) ? code.replace(listed, `$1${name} as __original_machine$3`) + tail(name) : code;
}

/** The machine made anew from its configuration, after `change(config)`; an expression for `wrapMachine`. */
export function reconfigured(change: string): string {
  return `(machine) => { (${change})(machine.config); return machine.provide ? machine.provide({}) : machine.withConfig({}); }`;
}
