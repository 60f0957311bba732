// Judges requests by the document, with the validators that openapi-backend compiles from it.

import type { Options as AjvOptions, ErrorObject } from "ajv";
import ajvFormats from "ajv-formats";
import type { Document } from "openapi-backend";
import type { OpenAPIRouter } from "openapi-backend/router.js";
import { OpenAPIValidator } from "openapi-backend/validation.js";

/** A request in its parts, as openapi-backend's schemas name them; the body is the value it was read to be, or undefined. */
export interface Judged {
  path: { [name: string]: string };
  query: { [name: string]: unknown };
  header: { [name: string]: string | string[] | undefined };
  cookie: { [name: string]: string };
  requestBody: unknown;
}

/**
 * What an operation's schemas say against a request; nothing when it fits. Parameters of another type than text are made so in place;
 * a body is never coerced. Schemas are compiled when first needed.
 */
export type RequestCheck = (operationId: string, request: Judged) => readonly ErrorObject[];

/**
 * openapi-backend's own `validateRequest` parses each request anew, three times, before it gets to these validators; a test compares its
 * answers with ours. The document has no parameters but plain ones, which is what the rest of it is for.
 */
export function createRequestCheck(router: OpenAPIRouter<Document>, definition: Document): RequestCheck {
  const validator = new OpenAPIValidator({
    definition,
    router,
    lazyCompileValidators: true,
    // Only parameters, which are text on the wire.
    coerceTypes: true,
    ajvOpts: { strict: false, allErrors: false } satisfies AjvOptions,
    customizeAjv: (ajv) => ajvFormats.default(ajv),
  });
  return (operationId, request) => {
    let errors: ErrorObject[] = none;
    for (const fits of validator.getRequestValidatorsForOperation(operationId)) {
      if (!fits(request)) errors = [...errors, ...(fits.errors ?? [])];
    }
    return errors;
  };
}

const none: ErrorObject[] = [];
