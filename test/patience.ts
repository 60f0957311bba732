// Tests wait for conditions, and on a busy machine those take their time: a second, which is vitest's own limit, says more about the machine than about the code.

import { vi } from "vitest";

const patienceMs = 10_000;
const { waitFor } = vi;

vi.waitFor = (condition, options = patienceMs) => waitFor(condition, options);
