// Every check of the fuzz stage by name, with the rules that it enters its findings under.

/** Names of Schemathesis come first, so that people who know them find them here. */
export const checks = {
  not_a_server_error: ["SB-FUZZ-SERVER-ERROR-NONE"],
  status_code_conformance: ["SB-SPEC-SUCCESS-STATUS-DECLARED", "SB-SPEC-ERROR-STATUS-DECLARED"],
  content_type_conformance: ["SB-SPEC-SUCCESS-CONFORMS", "SB-SPEC-ERROR-CONFORMS", "SB-SPEC-EMPTY-IS-EMPTY"],
  response_headers_conformance: ["SB-SPEC-SUCCESS-CONFORMS", "SB-SPEC-ERROR-CONFORMS"],
  response_schema_conformance: ["SB-SPEC-SUCCESS-CONFORMS", "SB-SPEC-ERROR-CONFORMS", "SB-SPEC-ADDED-ERROR-CONFORMS"],
  negative_data_rejection: [
    "SB-FUZZ-BODY-MISFIT-REFUSED",
    "SB-FUZZ-NAME-MISFIT-REFUSED",
    "SB-FUZZ-MISFIT-REFUSED",
    "SB-FUZZ-MISFIT-400",
  ],
  positive_data_acceptance: ["SB-FUZZ-VALID-ACCEPTED"],
  missing_required_header: ["SB-FUZZ-TOKEN-MISSING-REFUSED"],
  unsupported_method: ["SB-FUZZ-METHOD-405"],
  allow_header_conformance: ["SB-FUZZ-METHOD-ALLOW-LISTS"],
  use_after_free: ["SB-FUZZ-DELETED-GONE"],
  ensure_resource_availability: ["SB-FUZZ-CREATED-THERE"],
  ignored_auth: ["SB-FUZZ-TOKEN-MISSING-REFUSED", "SB-FUZZ-TOKEN-INVALID-REFUSED"],
  max_response_time: ["SB-FUZZ-ANSWER-TIMELY"],
  malformed_json_rejection: ["SB-FUZZ-JSON-MALFORMED-REFUSED"],
  unread_content_type_rejection: ["SB-FUZZ-TYPE-UNREAD-415"],
  content_type_variants_acceptance: ["SB-FUZZ-TYPE-VARIANTS-ACCEPTED"],
  unknown_property_acceptance: ["SB-FUZZ-EXTRA-IGNORED"],
  unknown_resource_rejection: ["SB-FUZZ-UNKNOWN-REFUSED"],
  error_body_shape: ["SB-FUZZ-REFUSAL-SHAPED"],
  no_stack_trace: ["SB-FUZZ-REFUSAL-TRACELESS"],
  no_private_data: ["SB-FUZZ-PRIVATE-KEPT"],
  no_prototype_pollution: ["SB-FUZZ-PROTOTYPE-KEPT"],
  read_changes_nothing: ["SB-FUZZ-READ-CHANGES-NOTHING"],
  refusal_changes_nothing: ["SB-FUZZ-REFUSAL-CHANGES-NOTHING", "SB-FUZZ-REFUSAL-CREATES-NOTHING"],
} as const satisfies { [check: string]: readonly string[] };

type RuleOf<C> = C extends readonly (infer R)[] ? R : never;

/** The rules that this stage alone enters. */
export type FuzzRule = Extract<RuleOf<(typeof checks)[keyof typeof checks]>, `SB-FUZZ-${string}`>;

export const fuzzRules: readonly FuzzRule[] = [
  ...new Set(
    Object.values(checks)
      .flat()
      .filter((rule): rule is FuzzRule => rule.startsWith("SB-FUZZ-")),
  ),
];

/** Rules that only requests to some operations can say anything about. */
export const exercisedBy: { readonly [R in FuzzRule]?: readonly string[] } = {
  "SB-FUZZ-CREATED-THERE": ["createMachine", "createMachineInstance"],
  "SB-FUZZ-DELETED-GONE": ["deleteMachine", "deleteMachineInstance"],
  "SB-FUZZ-READ-CHANGES-NOTHING": ["getMachineInstance"],
  "SB-FUZZ-REFUSAL-CHANGES-NOTHING": [
    "sendMachineInstanceEvent",
    "setMachineInstanceStatus",
    "setDesiredMachineVersion",
  ],
  "SB-FUZZ-REFUSAL-CREATES-NOTHING": ["createMachine", "createMachineInstance"],
  "SB-FUZZ-PROTOTYPE-KEPT": ["createMachineInstance"],
};
