#!/usr/bin/env node
// The command `settle`: keeps compiled code between starts (a third of a start is compiling), then the program proper begins.

import { enableCompileCache } from "node:module";

enableCompileCache();
await import("./program.ts");
