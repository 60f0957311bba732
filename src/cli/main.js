#!/usr/bin/env node
// The command `settle`: keeps compiled code between starts (a third of a start is compiling), then the program proper begins.
//
// JavaScript, since for a single TypeScript file before the cache is there Node would load its whole type stripper: 18 MB and 60 ms.

import { enableCompileCache } from "node:module";

enableCompileCache();
await import("./program.ts");
