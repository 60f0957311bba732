// The client's fault, or the service's plain admission, as one class over one closed table of codes.

/** Every error code there is, and its HTTP status. @see openapi.yaml, components/responses */
const statuses = {
  "invalid-parameter": 400,
  "specify-org": 400,
  "no-migration-path": 400,
  "machine-error": 400,
  "context-too-large": 400,
  "missing-scope": 403,
  "missing-user": 403,
  "missing-org": 403,
  "rejected-by-machine-authorizer": 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "invalid-state": 409,
  "body-too-large": 413,
  "unsupported-media-type": 415,
  "internal-error": 500,
  "contract-violation": 500,
  "cpu-limit": 500,
  "memory-limit": 500,
  unavailable: 503,
  "settle-timeout": 504,
} as const;

export type ProblemCode = keyof typeof statuses;

/** The body of every error response. `parameter` names the field at fault. */
export interface ProblemBody {
  error: string;
  code: ProblemCode;
  parameter?: string;
}

/** Thrown by whoever finds it, translated to HTTP in one place. The message is for the caller: what was wrong, what would be right. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly parameter: string | undefined;

  /** After how many seconds the same request may succeed; absent where waiting is no help. */
  readonly retryAfterSeconds: number | undefined;

  /** @param options `isFinal`: what is unavailable stays so */
  constructor(
    code: ProblemCode,
    message: string,
    options: { parameter?: string; cause?: unknown; isFinal?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "Problem";
    this.code = code;
    this.parameter = options.parameter;
    this.retryAfterSeconds = code === "unavailable" && options.isFinal !== true ? 1 : undefined;
  }

  get status(): number {
    return statuses[this.code];
  }

  get body(): ProblemBody {
    const { message: error, code, parameter } = this;
    return parameter === undefined ? { error, code } : { error, code, parameter };
  }
}
