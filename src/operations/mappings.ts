// Mappings as requests carry them: refused with the name of the member at fault.

import type { JsonObject } from "../domain/json.ts";
import { compileMapping, MappingError } from "../domain/mapping.ts";
import { Problem } from "../domain/problem.ts";

/** @throws Problem `invalid-parameter` whose parameter is the path of the member, `mapping` included */
export function requireMapping(mapping: JsonObject): void {
  try {
    compileMapping(mapping);
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    const parameter = `mapping.${error.path}`;
    throw new Problem("invalid-parameter", `${parameter} ${error.message}.`, { parameter });
  }
}
