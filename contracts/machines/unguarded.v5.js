// A machine whose module exports no allowWrite: no version can be made of it.
import { createMachine } from "npm:xstate@5";

export const allowRead = () => true;

export default createMachine({ id: "unguarded", initial: "idle", states: { idle: {} } });
