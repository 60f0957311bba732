// Authorizers that answer with promises: no means no, however late it comes.
import { createMachine } from "npm:xstate@5";

export const allowRead = async ({ authContext }) => authContext.sub === "oracle";
export const allowWrite = async ({ authContext }) => authContext.sub === "oracle";

export default createMachine({ id: "pending", initial: "idle", states: { idle: { on: { GO: "gone" } }, gone: {} } });
