// Generated from openapi.yaml by `npm run generate`; edit that instead.

export interface paths {
    "/machines": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        /**
         * List machines
         * @description Lists the machines of the organization, oldest first.
         */
        get: operations["listMachines"];
        put?: never;
        /**
         * Create a machine
         * @description Creates a machine that has no version yet.
         *     No instance of it can be created until a version is current.
         */
        post: operations["createMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        /**
         * Get a machine
         * @description Returns the machine with its current version and its index names.
         */
        get: operations["getMachine"];
        put?: never;
        /**
         * Create a machine instance
         * @description Creates an instance of the named version, or of the current version when none is named.
         *     The version's `allowWrite` authorizes the initial transition; its refusal is a 403 `rejected-by-machine-authorizer` and nothing is stored.
         *     The response holds the state that the instance reached when it settled.
         *     An instance of that name that exists already is a 409 for any valid body.
         */
        post: operations["createMachineInstance"];
        /**
         * Delete a machine
         * @description Deletes the machine with its versions and migrations, for good.
         *     A machine that still has instances is a 409 `invalid-state`.
         *     A wrong confirmation is a 400 `invalid-parameter` whose `parameter` names the wrong field.
         */
        delete: operations["deleteMachine"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/i": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        /**
         * List the instances of a machine
         * @description Lists instances, oldest first, without their states.
         */
        get: operations["listMachineInstances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/i/{instanceSlug}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        /**
         * Get the state of an instance
         * @description Returns the last stored state; a read never waits for a write.
         *     The version's `allowRead` authorizes the read; its refusal is a 403 `rejected-by-machine-authorizer`.
         */
        get: operations["getMachineInstance"];
        put?: never;
        post?: never;
        /**
         * Delete an instance
         * @description Deletes the instance with its state, its history and its timers, for good.
         *     A wrong confirmation is a 400 `invalid-parameter` whose `parameter` names the wrong field.
         *     No authorizer is called.
         */
        delete: operations["deleteMachineInstance"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/indexes/{index}/query": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The index's name.
                 * @example customer
                 */
                index: components["parameters"]["Index"];
            };
            cookie?: never;
        };
        /**
         * Query instances by an index
         * @description Lists the instances whose indexed value satisfies `op` with `value`, or every indexed one without a filter.
         *     Results are ordered by value, then by instance.
         *     An instance with several such values comes once, with the first of them.
         */
        get: operations["queryMachineInstances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/i/{instanceSlug}/admin": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        /**
         * Get everything about an instance
         * @description Returns the whole context, private keys included, with status and versions.
         *     No authorizer is called.
         */
        get: operations["getMachineInstanceAdmin"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/i/{instanceSlug}/events": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        /**
         * List the transitions of an instance
         * @description Lists every processed event with the state that it led to, oldest first.
         *     No authorizer is called.
         */
        get: operations["listMachineInstanceTransitions"];
        put?: never;
        /**
         * Send an event to an instance
         * @description Processes one event and answers with the state that the instance reached when it settled.
         *     The version's `allowWrite` authorizes the event; its refusal is a 403 `rejected-by-machine-authorizer` and nothing is stored.
         *     An event that the current state does not handle is no error: the state comes back unchanged.
         *     An event type that XState or the service reserves for itself is a 400 `invalid-parameter` with `parameter` `event`.
         *     A paused instance answers 409 `invalid-state`.
         *     When the instance is settled and another version is desired, it is upgraded first, and that version handles the event.
         */
        post: operations["sendMachineInstanceEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/i/{instanceSlug}/v": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Set the version an instance should move to
         * @description Records the desired version.
         *     The upgrade happens when the next event reaches the instance in a settled state.
         *     A version that no chain of migrations leads to is a 400 `no-migration-path`.
         */
        put: operations["setDesiredMachineVersion"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/i/{instanceSlug}/status": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Pause or resume an instance
         * @description A paused instance answers every event with 409 `invalid-state`, timer events included, until it is set running again.
         *     Timer events that run out of tries meanwhile are dropped.
         */
        put: operations["setMachineInstanceStatus"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/v": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        /**
         * List the versions of a machine
         * @description Lists finalized versions, oldest first.
         */
        get: operations["listMachineVersions"];
        put?: never;
        /**
         * Begin a version
         * @description First of three steps: answers with an id and the instructions for uploading the code.
         *     Upload the code as a multipart form with every field of `codeUploadFields` in the order given, then `content-type`
         *     (`application/javascript`), then `content-encoding` (`gzip`) if the code is compressed, and the `file` last.
         *     Then finalize the version under the id that this answer holds.
         */
        post: operations["createMachineVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/v/{signedMachineVersionId}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The id that beginning the version returned.
                 * @example ver_8nJkQ5x2Q0uPq3l7Zb1mWg.c2lnbmVk
                 */
                signedMachineVersionId: components["parameters"]["SignedMachineVersionId"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Finalize a version
         * @description Third of three steps: loads the uploaded code and makes it an immutable version.
         *     Code that does not load, exports no machine or lacks an authorizer is a 400 `invalid-parameter`.
         *     A version whose code has not arrived is a 409 `invalid-state`.
         */
        put: operations["finalizeMachineVersion"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/migrations": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin a migration
         * @description First of three steps, as for a version: answers with an id and the instructions for uploading the code.
         *     Properties that the schema does not name are ignored; clients are known to send the code along.
         */
        post: operations["createMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{machineSlug}/migrations/{signedMachineVersionMigrationId}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The id that beginning the migration returned.
                 * @example mig_1xJ2b0m3Q5mZ7n9t4v6y8A.c2lnbmVk
                 */
                signedMachineVersionMigrationId: components["parameters"]["SignedMachineVersionMigrationId"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Finalize a migration
         * @description Third of three steps: loads the uploaded code, after which instances can move along this migration.
         *     Code that does not load or lacks `upgradeState` or `upgradeContext` is a 400 `invalid-parameter`.
         *     A migration whose code has not arrived is a 409 `invalid-state`.
         */
        put: operations["finalizeMigration"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logs": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        /**
         * Read what machine code printed
         * @description Returns at most 100 entries after `from`, oldest first.
         *     Pass `maxTimestamp` as the next `from` to go on; it equals `from` while nothing new was printed.
         *     An entry stamped exactly `from` is not returned again.
         */
        get: operations["getLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open the realtime socket
         * @description A WebSocket handshake without a subprotocol.
         *     The client then sends messages of schema `WSToServerMsg` and receives messages of schema `WSToClientMsg`, as text frames.
         *     A token or an organization that is not accepted does not fail the handshake: each subscription is answered with an error message instead.
         *     A request that is no WebSocket handshake is a 400.
         */
        get: operations["openRealtime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/idps": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        /**
         * List identity providers
         * @description Lists the identity providers that the organization trusts. Keys are not part of the answer.
         */
        get: operations["listIdentityProviders"];
        put?: never;
        /**
         * Trust an identity provider
         * @description Creates the identity provider that `aud` and `iss` identify, or replaces what is known of it.
         *     At least one of `aud` and `iss`, and at least one of `key` and `jwksUrl`, must be given.
         */
        post: operations["upsertIdentityProvider"];
        /**
         * Stop trusting an identity provider
         * @description From then on, tokens of that provider are refused for exchange.
         */
        delete: operations["deleteIdentityProvider"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/token-providers": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        /**
         * List token providers
         * @description Lists the token providers of the organization.
         */
        get: operations["listTokenProviders"];
        put?: never;
        /**
         * Create or replace a token provider
         * @description A token provider turns the claims of an identity provider into a token signed with the named key.
         *     Its `service` is the name that an exchange asks for.
         */
        post: operations["upsertTokenProvider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/token-providers/{service}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The token provider's service name.
                 * @example shop
                 */
                service: components["schemas"]["TokenProviderService"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a token provider
         * @description From then on, exchanges that name its service are refused.
         */
        delete: operations["deleteTokenProvider"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a token
         * @description OAuth 2.0 token exchange (RFC 8693).
         *     The subject token's `aud` and `iss` select the identity provider; `audience` selects the token provider.
         *     No authorization is needed: the subject token is the proof.
         */
        post: operations["exchangeToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orgs": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        /**
         * List organizations
         * @description Lists the organizations that the caller belongs to.
         */
        get: operations["listOrgs"];
        put?: never;
        /**
         * Create an organization
         * @description Creates an organization that the caller belongs to.
         *     Unless `allowAnonymousAccess` is false, it comes with a key, an identity provider and a token provider for anonymous sessions.
         */
        post: operations["createOrg"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/org-members": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invite someone to the organization
         * @description Accepts JSON labelled as plain text too, since the command-line client labels it so.
         */
        post: operations["sendInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/inv_{invitation}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The invitation code without its prefix `inv_`.
                 * @example Zm9yIGFkYQ
                 */
                invitation: string;
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Accept an invitation
         * @description The path is the invitation code itself, at the root.
         */
        put: operations["acceptInvitation"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        /**
         * List signing keys
         * @description Lists the keys of the organization. Secrets are not part of the answer.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Create a signing key
         * @description The secret is part of this answer and of no other.
         *     Give `scopes`, or a `use` that stands for a set of them; `scopes` wins when both are given.
         */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{keyId}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The key's id.
                 * @example sbk_2t9HnqHfR5yqCq0d1Yb3xA
                 */
                keyId: components["schemas"]["KeyId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a signing key
         * @description Tokens signed with the key are refused from then on.
         *     The only key that may manage keys can't be deleted: 409 `invalid-state`.
         */
        delete: operations["deleteKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        /**
         * Get the address of the billing page
         * @description Settle bills nobody; the address is a page of its own.
         */
        get: operations["getBilling"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/http-api/{orgId}/machines/{machineSlug}/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The organization that the machine belongs to.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                orgId: components["schemas"]["OrgId"];
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The mapper's name.
                 * @example stripe-webhook
                 */
                slug: string;
            };
            cookie?: never;
        };
        /**
         * Send a GET request to a machine's mapper
         * @description The answer is the mapper's, or an error in this API's shape when no mapper answered.
         */
        get: operations["sendHttpApiGet"];
        /**
         * Send a PUT request to a machine's mapper
         * @description The answer is the mapper's, or an error in this API's shape when no mapper answered.
         */
        put: operations["sendHttpApiPut"];
        /**
         * Send a POST request to a machine's mapper
         * @description The answer is the mapper's, or an error in this API's shape when no mapper answered.
         */
        post: operations["sendHttpApiPost"];
        /**
         * Send a DELETE request to a machine's mapper
         * @description The answer is the mapper's, or an error in this API's shape when no mapper answered.
         */
        delete: operations["sendHttpApiDelete"];
        /**
         * Send an OPTIONS request to a machine's mapper
         * @description The answer is the mapper's, or an error in this API's shape when no mapper answered.
         *     A CORS preflight, which names a method in `access-control-request-method`, is answered without the mapper.
         */
        options: operations["sendHttpApiOptions"];
        /**
         * Send a HEAD request to a machine's mapper
         * @description The answer is the mapper's without its body, or the status of an error when no mapper answered.
         */
        head: operations["sendHttpApiHead"];
        /**
         * Send a PATCH request to a machine's mapper
         * @description The answer is the mapper's, or an error in this API's shape when no mapper answered.
         */
        patch: operations["sendHttpApiPatch"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A machine's name, unique in its organization. */
        MachineSlug: string;
        /** @description An instance's name, unique in its machine. */
        MachineInstanceSlug: string;
        /** @description An index's name, unique in its machine. */
        IndexName: string;
        /** @description The name that a token exchange asks for. */
        TokenProviderService: string;
        /** @description An organization's id. */
        OrgId: string;
        /** @description A key's id. */
        KeyId: string;
        /** @description A version's id. */
        MachineVersionId: string;
        /** @description A migration's id. */
        MachineVersionMigrationId: string;
        /**
         * @description The id of a version that is not finalized, with proof of who gave it out.
         *     It is safe in a URL path as it stands.
         */
        SignedMachineVersionId: string;
        /**
         * @description The id of a migration that is not finalized, with proof of who gave it out.
         *     It is safe in a URL path as it stands.
         */
        SignedMachineVersionMigrationId: string;
        /** @description Pass it as `cursor` for the next page. The last page has none. */
        NextCursor: string;
        /**
         * Format: date-time
         * @description A moment, as RFC 3339 writes it.
         */
        Timestamp: string;
        /**
         * Format: date-time
         * @description A moment in UTC with exactly three decimals of a second, as JavaScript's `toISOString` writes it.
         */
        MillisecondTimestamp: string;
        /**
         * @description Whether an instance takes events.
         * @enum {string}
         */
        MachineInstanceStatus: "running" | "paused";
        /** @description The name of the one active state. */
        SimpleStateValue: string;
        /** @description Active parent states mapped to what is active in them. A parallel parent has several. */
        CompoundStateValue: {
            [key: string]: components["schemas"]["StateValue"];
        };
        /** @description Which states are active, as XState writes it. */
        StateValue: components["schemas"]["SimpleStateValue"] | components["schemas"]["CompoundStateValue"];
        /** @description What readers may see of an instance at one moment. */
        State: {
            /** @description When the state was stored, in epoch milliseconds. It never decreases for an instance. */
            ts: number;
            state: components["schemas"]["StateValue"];
            /** @description What the context holds under `public`. Absent when it holds nothing there. */
            publicContext?: {
                [key: string]: unknown;
            };
            /** @description The tags of the active states. */
            tags: string[];
            /** @description Whether a top-level final state is reached. */
            done: boolean;
        };
        /** @description Everything about an instance, its private context included. */
        AdministrativeInstanceState: {
            state: components["schemas"]["StateValue"];
            /** @description The whole context. */
            context: {
                [key: string]: unknown;
            };
            /** @description The tags of the active states. */
            tags: string[];
            /** @description Whether a top-level final state is reached. */
            done: boolean;
            status: components["schemas"]["MachineInstanceStatus"];
            machineVersion: components["schemas"]["MachineVersionInfo"];
            desiredMachineVersion?: components["schemas"]["MachineVersionInfo"];
            createdAt: components["schemas"]["Timestamp"];
        };
        /** @description An event's type with whatever else the machine wants to know. */
        EventWithPayload: {
            /** @description The event's type. */
            type: string;
        } & {
            [key: string]: unknown;
        };
        /** @description An event's type alone. */
        EventWithoutPayload: string;
        /** @description An event for an instance. */
        Event: components["schemas"]["EventWithPayload"] | components["schemas"]["EventWithoutPayload"];
        /** @description One processed event with the state that it led to. */
        Transition: {
            createdAt: components["schemas"]["Timestamp"];
            state: components["schemas"]["StateValue"];
            event: components["schemas"]["Event"];
        };
        /** @description What is known of a version beside its code. */
        MachineVersionInfo: {
            id: components["schemas"]["MachineVersionId"];
            createdAt: components["schemas"]["Timestamp"];
            /** @description What the publisher said about the version when finalizing it. */
            clientInfo: string;
        };
        /** @description A machine in a list. */
        MachineSummary: {
            slug: components["schemas"]["MachineSlug"];
            createdAt: components["schemas"]["Timestamp"];
            currentVersion?: components["schemas"]["MachineVersionInfo"];
        };
        /** @description A machine. */
        Machine: {
            createdAt: components["schemas"]["Timestamp"];
            currentVersion?: components["schemas"]["MachineVersionInfo"];
            /** @description The names of the machine's indexes. */
            indexes: components["schemas"]["IndexName"][];
        };
        /** @description An instance in a list. */
        MachineInstanceSummary: {
            slug: components["schemas"]["MachineInstanceSlug"];
            createdAt: components["schemas"]["Timestamp"];
            status: components["schemas"]["MachineInstanceStatus"];
            machineVersion: components["schemas"]["MachineVersionInfo"];
        };
        /** @description An instance with the value that matched. */
        IndexMatch: {
            slug: components["schemas"]["MachineInstanceSlug"];
            /** @description The indexed value. */
            indexValue: string;
        };
        /** @description One thing that machine code printed. */
        LogEntry: {
            timestamp: components["schemas"]["Timestamp"];
            orgId: components["schemas"]["OrgId"];
            machineName: components["schemas"]["MachineSlug"];
            instanceName: components["schemas"]["MachineInstanceSlug"];
            machineVersionId: components["schemas"]["MachineVersionId"];
            /**
             * @description Which stream it was printed to.
             * @enum {string}
             */
            outputType: "stdout" | "stderr";
            /** @description The text, possibly of several lines. */
            log: string;
        };
        /** @description One page of machines. */
        MachinePage: {
            machines: components["schemas"]["MachineSummary"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description One page of instances. */
        MachineInstancePage: {
            instances: components["schemas"]["MachineInstanceSummary"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description One page of matches. */
        IndexMatchPage: {
            instances: components["schemas"]["IndexMatch"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description One page of transitions. */
        TransitionPage: {
            transitions: components["schemas"]["Transition"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description One page of versions. */
        MachineVersionPage: {
            versions: components["schemas"]["MachineVersionInfo"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description Log entries, and where to continue. */
        LogPage: {
            /** @description The `from` of the next call. */
            maxTimestamp: components["schemas"]["MillisecondTimestamp"];
            logs: components["schemas"]["LogEntry"][];
        };
        /** @description One page of identity providers. */
        IdentityProviderPage: {
            idps: components["schemas"]["IdentityProvider"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description One page of token providers. */
        TokenProviderPage: {
            tokenProviders: components["schemas"]["TokenProvider"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description One page of organizations. */
        OrgPage: {
            orgs: components["schemas"]["Org"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description One page of keys. */
        KeyPage: {
            keys: components["schemas"]["Key"][];
            cursor?: components["schemas"]["NextCursor"];
        };
        /** @description A machine to create. */
        CreateMachineRequest: {
            slug: components["schemas"]["MachineSlug"];
            /** @description Names of indexes that versions may fill. */
            indexes?: components["schemas"]["IndexName"][];
        };
        /** @description A machine, within an envelope. */
        GetMachineResponse: {
            machine: components["schemas"]["Machine"];
        };
        /** @description Proof that the machine is meant to be deleted. */
        DeleteMachineRequest: {
            /**
             * @description Must be true.
             * @constant
             */
            dangerDataWillBeDeletedForever: true;
            /** @description The unpadded base64url of the HMAC-SHA-256 of the machine's name with the machine's name as its key. */
            hmacSha256OfMachineNameWithMachineNameKey: string;
        };
        /** @description An instance to create. */
        CreateMachineInstanceRequest: {
            slug: components["schemas"]["MachineInstanceSlug"];
            /**
             * @description Laid over the machine's own initial context, key by key at the top level.
             * @default {}
             */
            context: {
                [key: string]: unknown;
            };
            /** @description The version to run. Without it, the current version. */
            machineVersionId?: components["schemas"]["MachineVersionId"];
        };
        /** @description Proof that the instance is meant to be deleted. */
        DeleteMachineInstanceRequest: {
            /**
             * @description Must be true.
             * @constant
             */
            dangerDataWillBeDeletedForever: true;
            /** @description The unpadded base64url of the HMAC-SHA-256 of the instance's name with the machine's name as its key. */
            hmacSha256OfMachineInstanceNameWithMachineNameKey: string;
        };
        /** @description An event to process. */
        SendMachineInstanceEventRequest: {
            event: components["schemas"]["Event"];
        };
        /** @description The version that the instance should move to. */
        SetDesiredMachineVersionRequest: {
            targetMachineVersionId: components["schemas"]["MachineVersionId"];
        };
        /** @description The status to set. */
        SetMachineInstanceStatusRequest: {
            status: components["schemas"]["MachineInstanceStatus"];
        };
        /** @description Nothing in particular. */
        CreateMachineVersionRequest: Record<string, never>;
        /** @description How to upload a version's code. */
        CreateMachineVersionResponse: {
            machineVersionId: components["schemas"]["SignedMachineVersionId"];
            /**
             * Format: uri
             * @description An absolute URL. It takes no authorization.
             */
            codeUploadUrl: string;
            /** @description Form fields to send before the file, in this order. */
            codeUploadFields: {
                [key: string]: string;
            };
        };
        /** @description What else to record with a version. */
        FinalizeMachineVersionRequest: {
            /** @description Any text that tells the version apart, such as a commit. */
            clientInfo?: string;
            /** @description Whether this version becomes the machine's current one. */
            makeCurrent?: boolean;
            /** @description Index names mapped to JSONPath expressions into the whole context. */
            indexSelectors?: {
                [key: string]: string;
            };
        };
        /** @description The version's id. */
        FinalizeMachineVersionResponse: {
            machineVersionId: components["schemas"]["MachineVersionId"];
        };
        /** @description Which versions the migration connects. */
        CreateMigrationRequest: {
            fromMachineVersionId: components["schemas"]["MachineVersionId"];
            toMachineVersionId: components["schemas"]["MachineVersionId"];
        };
        /** @description How to upload a migration's code. */
        CreateMigrationResponse: {
            machineVersionMigrationId: components["schemas"]["SignedMachineVersionMigrationId"];
            /**
             * Format: uri
             * @description An absolute URL. It takes no authorization.
             */
            codeUploadUrl: string;
            /** @description Form fields to send before the file, in this order. */
            codeUploadFields: {
                [key: string]: string;
            };
        };
        /** @description Nothing in particular. */
        FinalizeMigrationRequest: Record<string, never>;
        /** @description The migration's id. */
        FinalizeMigrationResponse: {
            machineVersionMigrationId: components["schemas"]["MachineVersionMigrationId"];
        };
        /**
         * @description A JWS algorithm.
         * @enum {string}
         */
        SigningAlgorithm: "HS256" | "HS384" | "HS512" | "PS256" | "PS384" | "PS512" | "RS256" | "RS384" | "RS512" | "ES256" | "ES384" | "ES512" | "EdDSA";
        /**
         * @description What claims become.
         *     A property whose name ends in `.$` takes its value, a JSONPath expression, from the input; an object is a mapping in turn; anything else is a constant.
         */
        Mapping: {
            [key: string]: unknown;
        };
        /** @description A trusted issuer of tokens. */
        IdentityProvider: {
            iss?: string;
            aud?: string;
            algs: components["schemas"]["SigningAlgorithm"][];
            jwksUrl?: string;
            mapping: components["schemas"]["Mapping"];
        };
        /** @description A trusted issuer of tokens, with the means to verify them. */
        UpsertIdentityProviderRequest: {
            /** @description The algorithms that its tokens may be signed with. */
            algs: components["schemas"]["SigningAlgorithm"][];
            mapping: components["schemas"]["Mapping"];
        } & (components["schemas"]["AudienceOrIssuer"] & components["schemas"]["KeyOrJwksUrl"]);
        /** @description At least one of the two claims that identify an identity provider. */
        AudienceOrIssuer: {
            /** @description The `aud` claim of its tokens. */
            aud?: string;
            /** @description The `iss` claim of its tokens. */
            iss?: string;
        } | Record<string, never> | Record<string, never>;
        /** @description At least one way to verify an identity provider's tokens. */
        KeyOrJwksUrl: {
            /** @description The base64url of the key's bytes. */
            key?: string;
            /**
             * Format: uri
             * @description An absolute URL of a JSON Web Key Set.
             */
            jwksUrl?: string;
        } | Record<string, never> | Record<string, never>;
        /** @description Which identity provider to delete. */
        DeleteIdentityProviderRequest: components["schemas"]["AudienceOrIssuer"];
        /** @description What makes tokens in an exchange. */
        TokenProvider: {
            service: string;
            keyId: components["schemas"]["KeyId"];
            mapping: components["schemas"]["Mapping"];
        };
        /** @description What is to make tokens in an exchange. */
        UpsertTokenProviderRequest: {
            service: components["schemas"]["TokenProviderService"];
            keyId: components["schemas"]["KeyId"];
            mapping: components["schemas"]["Mapping"];
        };
        /** @description A token exchange. */
        ExchangeTokenRequest: {
            /** @constant */
            grant_type: "urn:ietf:params:oauth:grant-type:token-exchange";
            /** @description The token provider to ask, as `https://tokens.statebacked.dev/{orgId}/{service}`. */
            audience: string;
            /** @constant */
            requested_token_type: "urn:ietf:params:oauth:token-type:access_token";
            /** @description A JWT of a trusted identity provider. */
            subject_token: string;
            /**
             * @description What the subject token is; a JWT in any case.
             * @enum {string}
             */
            subject_token_type?: "urn:ietf:params:oauth:token-type:jwt" | "urn:ietf:params:oauth:token-type:access_token" | "urn:ietf:params:oauth:token-type:id_token";
        };
        /** @description The token that was asked for. */
        ExchangeTokenResponse: {
            access_token: string;
            /** @constant */
            issued_token_type: "urn:ietf:params:oauth:token-type:access_token";
            /** @constant */
            token_type: "Bearer";
        };
        /**
         * @description What a member may do in an organization.
         * @enum {string}
         */
        OrgMemberRole: "admin" | "read" | "write";
        /** @description What the organization may use in a month. */
        OrgLimits: {
            monthlyEventsLimit: number;
            monthlyReadsLimit: number;
        };
        /** @description An organization and the caller's role in it. */
        Org: {
            id: components["schemas"]["OrgId"];
            name: string;
            role: components["schemas"]["OrgMemberRole"];
            createdAt: components["schemas"]["Timestamp"];
            limits: components["schemas"]["OrgLimits"];
        };
        /** @description An organization to create. */
        CreateOrgRequest: {
            name: string;
            /**
             * @description Whether to set up anonymous sessions.
             * @default true
             */
            allowAnonymousAccess: boolean;
        };
        /** @description The organization's id. */
        CreateOrgResponse: {
            id: components["schemas"]["OrgId"];
        };
        /** @description Whom to invite, and as what. */
        SendInvitationRequest: {
            email: string;
            role: components["schemas"]["OrgMemberRole"];
        };
        /**
         * @description Something that a key permits.
         * @enum {string}
         */
        KeyScope: "events.write" | "events.read" | "state.read" | "instances.read" | "instances.write" | "instances.admin" | "indexes.read" | "machines.read" | "machines.write" | "machines.admin" | "machine-versions.read" | "machine-versions.write" | "analytics.read" | "org.read" | "org.write" | "org.keys.write" | "org-members.write" | "logs.read" | "tokens.admin";
        /** @description A key without its secret. */
        Key: {
            id: components["schemas"]["KeyId"];
            name: string;
            scopes: components["schemas"]["KeyScope"][];
            createdAt: components["schemas"]["Timestamp"];
        };
        /** @description A key to create. At least one of `scopes` and `use` must be given. */
        CreateKeyRequest: {
            name: string;
            /** @description The scopes of the key. */
            scopes?: components["schemas"]["KeyScope"][];
            /**
             * @description `production` stands for events.write, state.read, instances.write and indexes.read.
             *     `ci` stands for machines.read, machines.write, machine-versions.read and machine-versions.write.
             * @enum {string}
             */
            use?: "production" | "ci";
        } | Record<string, never> | Record<string, never>;
        /** @description A key's id and secret. */
        CreateKeyResponse: {
            id: components["schemas"]["KeyId"];
            /** @description The secret. */
            key: string;
        };
        /** @description Where the billing page is. */
        GetBillingResponse: {
            url: string;
        };
        /**
         * @description Asks for the instance's state now and after every stored transition.
         *     Several subscriptions to one instance are told apart by their `requestId`.
         */
        WSToServerSubscribeToInstanceMsg: {
            /** @constant */
            type: "subscribe-to-instance";
            requestId: string;
            machineName: components["schemas"]["MachineSlug"];
            machineInstanceName: components["schemas"]["MachineInstanceSlug"];
        };
        /** @description Ends the subscription that was made with this `requestId`. */
        WSToServerUnsubscribeFromInstanceMsg: {
            /** @constant */
            type: "unsubscribe-from-instance";
            requestId: string;
            machineName: components["schemas"]["MachineSlug"];
            machineInstanceName: components["schemas"]["MachineInstanceSlug"];
        };
        /** @description Keeps the connection. It is not answered. */
        WSToServerPingMsg: {
            /** @constant */
            type: "ping";
        };
        /** @description What a client sends over the realtime socket. */
        WSToServerMsg: components["schemas"]["WSToServerSubscribeToInstanceMsg"] | components["schemas"]["WSToServerUnsubscribeFromInstanceMsg"] | components["schemas"]["WSToServerPingMsg"];
        /** @description The instance's state, right after a subscription and after every stored transition. */
        WSToClientInstanceUpdateMsg: {
            /** @constant */
            type: "instance-update";
            machineName: components["schemas"]["MachineSlug"];
            machineInstanceName: components["schemas"]["MachineInstanceSlug"];
            ts: number;
            state: components["schemas"]["StateValue"];
            publicContext: {
                [key: string]: unknown;
            };
            tags: string[];
            done: boolean;
        };
        /** @description Why the message with this `requestId` was not obeyed. */
        WSToClientErrorMsg: {
            /** @constant */
            type: "error";
            requestId: string;
            /** @description What an HTTP response would have had as its status. */
            status: number;
            code?: string;
            /** @description What is wrong, for people. */
            error?: string;
        };
        /** @description What the server sends over the realtime socket. */
        WSToClientMsg: components["schemas"]["WSToClientInstanceUpdateMsg"] | components["schemas"]["WSToClientErrorMsg"];
        /** @description What every error body has in common, whatever its status. */
        Error: {
            /** @description What is wrong, for people. */
            error: string;
            /**
             * @description What is wrong, for programs.
             * @enum {string}
             */
            code: "invalid-parameter" | "specify-org" | "no-migration-path" | "machine-error" | "context-too-large" | "missing-scope" | "rejected-by-machine-authorizer" | "missing-user" | "missing-org" | "not-found" | "method-not-allowed" | "invalid-state" | "body-too-large" | "unsupported-media-type" | "internal-error" | "contract-violation" | "cpu-limit" | "memory-limit" | "unavailable" | "settle-timeout";
            /** @description The request field at fault. */
            parameter?: string;
        };
        /** @description The body of a 400. */
        BadRequestError: {
            /** @enum {unknown} */
            code?: "invalid-parameter" | "specify-org" | "no-migration-path" | "machine-error" | "context-too-large";
        } & components["schemas"]["Error"];
        /** @description The body of a 403. */
        ForbiddenError: {
            /** @enum {unknown} */
            code?: "missing-scope" | "rejected-by-machine-authorizer" | "missing-user" | "missing-org";
        } & components["schemas"]["Error"];
        /** @description The body of a 404. */
        NotFoundError: {
            /** @enum {unknown} */
            code?: "not-found";
        } & components["schemas"]["Error"];
        /** @description The body of a 409. */
        ConflictError: {
            /** @enum {unknown} */
            code?: "invalid-state";
        } & components["schemas"]["Error"];
        /** @description The body of a 413. */
        BodyTooLargeError: {
            /** @enum {unknown} */
            code?: "body-too-large";
        } & components["schemas"]["Error"];
        /** @description The body of a 415. */
        UnsupportedMediaTypeError: {
            /** @enum {unknown} */
            code?: "unsupported-media-type";
        } & components["schemas"]["Error"];
        /** @description The body of a 500. */
        InternalError: {
            /** @enum {unknown} */
            code?: "internal-error" | "contract-violation" | "cpu-limit" | "memory-limit";
        } & components["schemas"]["Error"];
        /** @description The body of a 503. */
        UnavailableError: {
            /** @enum {unknown} */
            code?: "unavailable";
        } & components["schemas"]["Error"];
        /** @description The body of a 504. */
        SettleTimeoutError: {
            /** @enum {unknown} */
            code?: "settle-timeout";
        } & components["schemas"]["Error"];
        /** @description The body of a refused token exchange, as RFC 6749 and this API both want it. */
        TokenExchangeError: {
            /** @description An OAuth 2.0 error code, such as `invalid_request` or `invalid_target`. */
            error: string;
            /** @description What is wrong, for people. */
            error_description?: string;
            /** @enum {string} */
            code: "invalid-parameter";
            parameter?: string;
        };
    };
    responses: {
        /** @description Done. The response has no body. */
        Created: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description Done. The response has no body. */
        NoContent: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The instance's state. */
        State: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["State"];
            };
        };
        /** @description Whatever the mapper decided. An error that is the service's own has the usual shape. */
        Mapped: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "*/*": unknown;
            };
        };
        /**
         * @description The request can't be processed as it is.
         *     `invalid-parameter`: a field does not fit the schema; `parameter` names it.
         *     `specify-org`: the caller belongs to several organizations and named none.
         *     `no-migration-path`: no chain of migrations leads to the desired version.
         *     `machine-error`: machine code threw while the transition was computed; nothing was stored.
         *     `context-too-large`: the transition's context exceeds 400,000 bytes of JSON; nothing was stored.
         */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["BadRequestError"];
            };
        };
        /**
         * @description The caller may not do this.
         *     `missing-user`: the token is missing or not valid.
         *     `missing-scope`: the key lacks a scope that the operation needs.
         *     `missing-org`: the caller does not belong to the organization named.
         *     `rejected-by-machine-authorizer`: the machine's `allowRead` or `allowWrite` refused.
         */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ForbiddenError"];
            };
        };
        /** @description Something that the request names does not exist in the organization. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["NotFoundError"];
            };
        };
        /** @description What the request asks for contradicts what exists, for example a name that is taken already. */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ConflictError"];
            };
        };
        /** @description The request body is larger than the operation accepts. */
        BodyTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["BodyTooLargeError"];
            };
        };
        /** @description The request body is labelled as a content type that the operation does not read. */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnsupportedMediaTypeError"];
            };
        };
        /**
         * @description The service or the machine failed.
         *     `internal-error`: a defect of the service.
         *     `contract-violation`: the service's own response would have broken this document.
         *     `cpu-limit`, `memory-limit`: machine code was ended for computing too long or holding too much memory.
         */
        InternalError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InternalError"];
            };
        };
        /**
         * @description The service lacks something that it needs for this at the moment: room in its store or its memory, or an identity provider's key set.
         *     Trying again later may succeed, where `Retry-After` says how much later.
         */
        Unavailable: {
            headers: {
                /**
                 * @description Seconds.
                 * @example 1
                 */
                "Retry-After"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnavailableError"];
            };
        };
        /** @description No transition was completed within the settle timeout, and nothing was stored. */
        SettleTimeout: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["SettleTimeoutError"];
            };
        };
    };
    parameters: {
        /**
         * @description The machine's name.
         * @example checkout
         */
        MachineSlug: components["schemas"]["MachineSlug"];
        /**
         * @description The instance's name.
         * @example order-1001
         */
        InstanceSlug: components["schemas"]["MachineInstanceSlug"];
        /**
         * @description The index's name.
         * @example customer
         */
        Index: components["schemas"]["IndexName"];
        /**
         * @description The id that beginning the version returned.
         * @example ver_8nJkQ5x2Q0uPq3l7Zb1mWg.c2lnbmVk
         */
        SignedMachineVersionId: components["schemas"]["SignedMachineVersionId"];
        /**
         * @description The id that beginning the migration returned.
         * @example mig_1xJ2b0m3Q5mZ7n9t4v6y8A.c2lnbmVk
         */
        SignedMachineVersionMigrationId: components["schemas"]["SignedMachineVersionMigrationId"];
        /**
         * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
         * @example MTAw
         */
        Cursor: string;
        /**
         * @description Says that the code will be uploaded compressed with gzip.
         *     Its presence alone, without a value, says so; only `false` says the contrary.
         * @example true
         */
        Gzip: "" | "gzip" | "true" | "false";
        /**
         * @description The organization to act in, for callers that belong to several.
         *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
         * @example org_k3V0zq2xT2q1mB9f7c4dSA
         */
        OrgIdHeader: string;
        /**
         * @description A JSON object that replaces the token's `act` claim.
         *     Only for keys that hold `org.keys.write`.
         * @example {"sub":"ada"}
         */
        ActHeader: string;
    };
    requestBodies: {
        /** @description JSON reaches the mapper parsed, a form as an object, text as a string, anything else as base64. */
        Mapped: {
            content: {
                "*/*": unknown;
            };
        };
    };
    headers: never;
    pathItems: never;
}
export type MachineSlug = components['schemas']['MachineSlug'];
export type MachineInstanceSlug = components['schemas']['MachineInstanceSlug'];
export type IndexName = components['schemas']['IndexName'];
export type TokenProviderService = components['schemas']['TokenProviderService'];
export type OrgId = components['schemas']['OrgId'];
export type KeyId = components['schemas']['KeyId'];
export type MachineVersionId = components['schemas']['MachineVersionId'];
export type MachineVersionMigrationId = components['schemas']['MachineVersionMigrationId'];
export type SignedMachineVersionId = components['schemas']['SignedMachineVersionId'];
export type SignedMachineVersionMigrationId = components['schemas']['SignedMachineVersionMigrationId'];
export type NextCursor = components['schemas']['NextCursor'];
export type Timestamp = components['schemas']['Timestamp'];
export type MillisecondTimestamp = components['schemas']['MillisecondTimestamp'];
export type MachineInstanceStatus = components['schemas']['MachineInstanceStatus'];
export type SimpleStateValue = components['schemas']['SimpleStateValue'];
export type CompoundStateValue = components['schemas']['CompoundStateValue'];
export type StateValue = components['schemas']['StateValue'];
export type State = components['schemas']['State'];
export type AdministrativeInstanceState = components['schemas']['AdministrativeInstanceState'];
export type EventWithPayload = components['schemas']['EventWithPayload'];
export type EventWithoutPayload = components['schemas']['EventWithoutPayload'];
export type Event = components['schemas']['Event'];
export type Transition = components['schemas']['Transition'];
export type MachineVersionInfo = components['schemas']['MachineVersionInfo'];
export type MachineSummary = components['schemas']['MachineSummary'];
export type Machine = components['schemas']['Machine'];
export type MachineInstanceSummary = components['schemas']['MachineInstanceSummary'];
export type IndexMatch = components['schemas']['IndexMatch'];
export type LogEntry = components['schemas']['LogEntry'];
export type MachinePage = components['schemas']['MachinePage'];
export type MachineInstancePage = components['schemas']['MachineInstancePage'];
export type IndexMatchPage = components['schemas']['IndexMatchPage'];
export type TransitionPage = components['schemas']['TransitionPage'];
export type MachineVersionPage = components['schemas']['MachineVersionPage'];
export type LogPage = components['schemas']['LogPage'];
export type IdentityProviderPage = components['schemas']['IdentityProviderPage'];
export type TokenProviderPage = components['schemas']['TokenProviderPage'];
export type OrgPage = components['schemas']['OrgPage'];
export type KeyPage = components['schemas']['KeyPage'];
export type CreateMachineRequest = components['schemas']['CreateMachineRequest'];
export type GetMachineResponse = components['schemas']['GetMachineResponse'];
export type DeleteMachineRequest = components['schemas']['DeleteMachineRequest'];
export type CreateMachineInstanceRequest = components['schemas']['CreateMachineInstanceRequest'];
export type DeleteMachineInstanceRequest = components['schemas']['DeleteMachineInstanceRequest'];
export type SendMachineInstanceEventRequest = components['schemas']['SendMachineInstanceEventRequest'];
export type SetDesiredMachineVersionRequest = components['schemas']['SetDesiredMachineVersionRequest'];
export type SetMachineInstanceStatusRequest = components['schemas']['SetMachineInstanceStatusRequest'];
export type CreateMachineVersionRequest = components['schemas']['CreateMachineVersionRequest'];
export type CreateMachineVersionResponse = components['schemas']['CreateMachineVersionResponse'];
export type FinalizeMachineVersionRequest = components['schemas']['FinalizeMachineVersionRequest'];
export type FinalizeMachineVersionResponse = components['schemas']['FinalizeMachineVersionResponse'];
export type CreateMigrationRequest = components['schemas']['CreateMigrationRequest'];
export type CreateMigrationResponse = components['schemas']['CreateMigrationResponse'];
export type FinalizeMigrationRequest = components['schemas']['FinalizeMigrationRequest'];
export type FinalizeMigrationResponse = components['schemas']['FinalizeMigrationResponse'];
export type SigningAlgorithm = components['schemas']['SigningAlgorithm'];
export type Mapping = components['schemas']['Mapping'];
export type IdentityProvider = components['schemas']['IdentityProvider'];
export type UpsertIdentityProviderRequest = components['schemas']['UpsertIdentityProviderRequest'];
export type AudienceOrIssuer = components['schemas']['AudienceOrIssuer'];
export type KeyOrJwksUrl = components['schemas']['KeyOrJwksUrl'];
export type DeleteIdentityProviderRequest = components['schemas']['DeleteIdentityProviderRequest'];
export type TokenProvider = components['schemas']['TokenProvider'];
export type UpsertTokenProviderRequest = components['schemas']['UpsertTokenProviderRequest'];
export type ExchangeTokenRequest = components['schemas']['ExchangeTokenRequest'];
export type ExchangeTokenResponse = components['schemas']['ExchangeTokenResponse'];
export type OrgMemberRole = components['schemas']['OrgMemberRole'];
export type OrgLimits = components['schemas']['OrgLimits'];
export type Org = components['schemas']['Org'];
export type CreateOrgRequest = components['schemas']['CreateOrgRequest'];
export type CreateOrgResponse = components['schemas']['CreateOrgResponse'];
export type SendInvitationRequest = components['schemas']['SendInvitationRequest'];
export type KeyScope = components['schemas']['KeyScope'];
export type Key = components['schemas']['Key'];
export type CreateKeyRequest = components['schemas']['CreateKeyRequest'];
export type CreateKeyResponse = components['schemas']['CreateKeyResponse'];
export type GetBillingResponse = components['schemas']['GetBillingResponse'];
export type WsToServerSubscribeToInstanceMsg = components['schemas']['WSToServerSubscribeToInstanceMsg'];
export type WsToServerUnsubscribeFromInstanceMsg = components['schemas']['WSToServerUnsubscribeFromInstanceMsg'];
export type WsToServerPingMsg = components['schemas']['WSToServerPingMsg'];
export type WsToServerMsg = components['schemas']['WSToServerMsg'];
export type WsToClientInstanceUpdateMsg = components['schemas']['WSToClientInstanceUpdateMsg'];
export type WsToClientErrorMsg = components['schemas']['WSToClientErrorMsg'];
export type WsToClientMsg = components['schemas']['WSToClientMsg'];
export type Error = components['schemas']['Error'];
export type BadRequestError = components['schemas']['BadRequestError'];
export type ForbiddenError = components['schemas']['ForbiddenError'];
export type NotFoundError = components['schemas']['NotFoundError'];
export type ConflictError = components['schemas']['ConflictError'];
export type BodyTooLargeError = components['schemas']['BodyTooLargeError'];
export type UnsupportedMediaTypeError = components['schemas']['UnsupportedMediaTypeError'];
export type InternalError = components['schemas']['InternalError'];
export type UnavailableError = components['schemas']['UnavailableError'];
export type SettleTimeoutError = components['schemas']['SettleTimeoutError'];
export type TokenExchangeError = components['schemas']['TokenExchangeError'];
export type ResponseCreated = components['responses']['Created'];
export type ResponseNoContent = components['responses']['NoContent'];
export type ResponseState = components['responses']['State'];
export type ResponseMapped = components['responses']['Mapped'];
export type ResponseBadRequest = components['responses']['BadRequest'];
export type ResponseForbidden = components['responses']['Forbidden'];
export type ResponseNotFound = components['responses']['NotFound'];
export type ResponseConflict = components['responses']['Conflict'];
export type ResponseBodyTooLarge = components['responses']['BodyTooLarge'];
export type ResponseUnsupportedMediaType = components['responses']['UnsupportedMediaType'];
export type ResponseInternalError = components['responses']['InternalError'];
export type ResponseUnavailable = components['responses']['Unavailable'];
export type ResponseSettleTimeout = components['responses']['SettleTimeout'];
export type ParameterMachineSlug = components['parameters']['MachineSlug'];
export type ParameterInstanceSlug = components['parameters']['InstanceSlug'];
export type ParameterIndex = components['parameters']['Index'];
export type ParameterSignedMachineVersionId = components['parameters']['SignedMachineVersionId'];
export type ParameterSignedMachineVersionMigrationId = components['parameters']['SignedMachineVersionMigrationId'];
export type ParameterCursor = components['parameters']['Cursor'];
export type ParameterGzip = components['parameters']['Gzip'];
export type ParameterOrgIdHeader = components['parameters']['OrgIdHeader'];
export type ParameterActHeader = components['parameters']['ActHeader'];
export type RequestBodyMapped = components['requestBodies']['Mapped'];
export type $defs = Record<string, never>;
export interface operations {
    listMachines: {
        parameters: {
            query?: {
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of machines. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachinePage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createMachine: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateMachineRequest"];
            };
        };
        responses: {
            201: components["responses"]["Created"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getMachine: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The machine. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GetMachineResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createMachineInstance: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateMachineInstanceRequest"];
            };
        };
        responses: {
            200: components["responses"]["State"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["SettleTimeout"];
        };
    };
    deleteMachine: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteMachineRequest"];
            };
        };
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMachineInstances: {
        parameters: {
            query?: {
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of instances. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachineInstancePage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getMachineInstance: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["State"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["SettleTimeout"];
        };
    };
    deleteMachineInstance: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteMachineInstanceRequest"];
            };
        };
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    queryMachineInstances: {
        parameters: {
            query?: {
                /**
                 * @description How the indexed value compares with `value`. Without it, `eq`.
                 * @example gte
                 */
                op?: "eq" | "ne" | "gt" | "gte" | "lt" | "lte";
                /**
                 * @description What to compare with. Without it every indexed value qualifies.
                 * @example ada
                 */
                value?: string;
                /**
                 * @description Order of the values.
                 * @example desc
                 */
                dir?: "asc" | "desc";
                /**
                 * @description The most results on a page. A page may hold fewer.
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The index's name.
                 * @example customer
                 */
                index: components["parameters"]["Index"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of matches. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IndexMatchPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getMachineInstanceAdmin: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The administrative state. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdministrativeInstanceState"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMachineInstanceTransitions: {
        parameters: {
            query?: {
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of transitions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TransitionPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    sendMachineInstanceEvent: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SendMachineInstanceEventRequest"];
            };
        };
        responses: {
            200: components["responses"]["State"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["SettleTimeout"];
        };
    };
    setDesiredMachineVersion: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetDesiredMachineVersionRequest"];
            };
        };
        responses: {
            201: components["responses"]["Created"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    setMachineInstanceStatus: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The instance's name.
                 * @example order-1001
                 */
                instanceSlug: components["parameters"]["InstanceSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetMachineInstanceStatusRequest"];
            };
        };
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMachineVersions: {
        parameters: {
            query?: {
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of versions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachineVersionPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createMachineVersion: {
        parameters: {
            query?: {
                /**
                 * @description Says that the code will be uploaded compressed with gzip.
                 *     Its presence alone, without a value, says so; only `false` says the contrary.
                 * @example true
                 */
                gzip?: components["parameters"]["Gzip"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        /** @description Nothing is read from it; clients send none. */
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CreateMachineVersionRequest"];
            };
        };
        responses: {
            /** @description Where and how to upload the code. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreateMachineVersionResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    finalizeMachineVersion: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The id that beginning the version returned.
                 * @example ver_8nJkQ5x2Q0uPq3l7Zb1mWg.c2lnbmVk
                 */
                signedMachineVersionId: components["parameters"]["SignedMachineVersionId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinalizeMachineVersionRequest"];
            };
        };
        responses: {
            /** @description The version exists. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FinalizeMachineVersionResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createMigration: {
        parameters: {
            query?: {
                /**
                 * @description Says that the code will be uploaded compressed with gzip.
                 *     Its presence alone, without a value, says so; only `false` says the contrary.
                 * @example true
                 */
                gzip?: components["parameters"]["Gzip"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateMigrationRequest"];
            };
        };
        responses: {
            /** @description Where and how to upload the code. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreateMigrationResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    finalizeMigration: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The id that beginning the migration returned.
                 * @example mig_1xJ2b0m3Q5mZ7n9t4v6y8A.c2lnbmVk
                 */
                signedMachineVersionMigrationId: components["parameters"]["SignedMachineVersionMigrationId"];
            };
            cookie?: never;
        };
        /** @description Nothing is read from it; clients send none. */
        requestBody?: {
            content: {
                "application/json": components["schemas"]["FinalizeMigrationRequest"];
            };
        };
        responses: {
            /** @description The migration exists. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FinalizeMigrationResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getLogs: {
        parameters: {
            query: {
                /**
                 * @description Entries later than this.
                 * @example 2026-01-05T10:00:00.000Z
                 */
                from: components["schemas"]["Timestamp"];
                /**
                 * @description Entries no later than this.
                 * @example 2026-01-05T11:00:00.000Z
                 */
                to?: components["schemas"]["Timestamp"];
                /**
                 * @description Entries of this machine only.
                 * @example checkout
                 */
                machine?: components["schemas"]["MachineSlug"];
                /**
                 * @description Entries of instances of this name only.
                 * @example order-1001
                 */
                instance?: components["schemas"]["MachineInstanceSlug"];
                /**
                 * @description Entries of this version only.
                 * @example ver_8nJkQ5x2Q0uPq3l7Zb1mWg
                 */
                version?: components["schemas"]["MachineVersionId"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Entries, and where to continue. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    openRealtime: {
        parameters: {
            query: {
                /**
                 * @description The token that other operations take as a bearer token, because a browser can't set headers on a WebSocket.
                 * @example eyJhbGciOiJIUzI1NiIsImtpZCI6InNia18uLi4ifQ.e30.c2lnbmF0dXJl
                 */
                token: string;
                /**
                 * @description What the header of this name says elsewhere.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The connection is a WebSocket from here on. */
            101: {
                headers: {
                    /**
                     * @description The protocol.
                     * @example websocket
                     */
                    Upgrade: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listIdentityProviders: {
        parameters: {
            query?: {
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of identity providers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityProviderPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    upsertIdentityProvider: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpsertIdentityProviderRequest"];
            };
        };
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteIdentityProvider: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteIdentityProviderRequest"];
            };
        };
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listTokenProviders: {
        parameters: {
            query?: {
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of token providers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenProviderPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    upsertTokenProvider: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpsertTokenProviderRequest"];
            };
        };
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteTokenProvider: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The token provider's service name.
                 * @example shop
                 */
                service: components["schemas"]["TokenProviderService"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    exchangeToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["ExchangeTokenRequest"];
            };
        };
        responses: {
            /** @description A token that this API accepts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExchangeTokenResponse"];
                };
            };
            /** @description The exchange was refused. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenExchangeError"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listOrgs: {
        parameters: {
            query?: {
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of organizations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createOrg: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateOrgRequest"];
            };
        };
        responses: {
            /** @description The new organization. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreateOrgResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    sendInvitation: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SendInvitationRequest"];
                "text/plain": string;
            };
        };
        responses: {
            201: components["responses"]["Created"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    acceptInvitation: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The invitation code without its prefix `inv_`.
                 * @example Zm9yIGFkYQ
                 */
                invitation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listKeys: {
        parameters: {
            query?: {
                /**
                 * @description Where to continue, as the page before said. A cursor that no page gave out is a 400.
                 * @example MTAw
                 */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateKeyRequest"];
            };
        };
        responses: {
            /** @description The new key with its secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreateKeyResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path: {
                /**
                 * @description The key's id.
                 * @example sbk_2t9HnqHfR5yqCq0d1Yb3xA
                 */
                keyId: components["schemas"]["KeyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: components["responses"]["NoContent"];
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getBilling: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The organization to act in, for callers that belong to several.
                 *     Such a caller's request without it is a 400 `specify-org`; one that names an organization the caller doesn't belong to is a 403 `missing-org`.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                "x-statebacked-org-id"?: components["parameters"]["OrgIdHeader"];
                /**
                 * @description A JSON object that replaces the token's `act` claim.
                 *     Only for keys that hold `org.keys.write`.
                 * @example {"sub":"ada"}
                 */
                "x-statebacked-act"?: components["parameters"]["ActHeader"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The address. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GetBillingResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    sendHttpApiGet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The organization that the machine belongs to.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                orgId: components["schemas"]["OrgId"];
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The mapper's name.
                 * @example stripe-webhook
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            default: components["responses"]["Mapped"];
            "4XX": components["responses"]["Mapped"];
        };
    };
    sendHttpApiPut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The organization that the machine belongs to.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                orgId: components["schemas"]["OrgId"];
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The mapper's name.
                 * @example stripe-webhook
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Mapped"];
        responses: {
            default: components["responses"]["Mapped"];
            "4XX": components["responses"]["Mapped"];
        };
    };
    sendHttpApiPost: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The organization that the machine belongs to.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                orgId: components["schemas"]["OrgId"];
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The mapper's name.
                 * @example stripe-webhook
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Mapped"];
        responses: {
            default: components["responses"]["Mapped"];
            "4XX": components["responses"]["Mapped"];
        };
    };
    sendHttpApiDelete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The organization that the machine belongs to.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                orgId: components["schemas"]["OrgId"];
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The mapper's name.
                 * @example stripe-webhook
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Mapped"];
        responses: {
            default: components["responses"]["Mapped"];
            "4XX": components["responses"]["Mapped"];
        };
    };
    sendHttpApiOptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The organization that the machine belongs to.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                orgId: components["schemas"]["OrgId"];
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The mapper's name.
                 * @example stripe-webhook
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            default: components["responses"]["Mapped"];
            "4XX": components["responses"]["Mapped"];
        };
    };
    sendHttpApiHead: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The organization that the machine belongs to.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                orgId: components["schemas"]["OrgId"];
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The mapper's name.
                 * @example stripe-webhook
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            default: components["responses"]["Mapped"];
            "4XX": components["responses"]["Mapped"];
        };
    };
    sendHttpApiPatch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The organization that the machine belongs to.
                 * @example org_k3V0zq2xT2q1mB9f7c4dSA
                 */
                orgId: components["schemas"]["OrgId"];
                /**
                 * @description The machine's name.
                 * @example checkout
                 */
                machineSlug: components["parameters"]["MachineSlug"];
                /**
                 * @description The mapper's name.
                 * @example stripe-webhook
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Mapped"];
        responses: {
            default: components["responses"]["Mapped"];
            "4XX": components["responses"]["Mapped"];
        };
    };
}
