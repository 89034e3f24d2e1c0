import type { Options } from "tsup"

/** One build shape for every published package: ESM and CommonJS. Declarations are the work of `tests/scripts/declare.mjs`. */
export function library(entry: Record<string, string>): Options {
  return {
    entry,
    format: ["esm", "cjs"],
    target: "node20",
    platform: "node",
    sourcemap: true,
    // CommonJS has no import.meta.url, and the SQL directory is found relative to it.
    shims: true,
    silent: true,
  }
}
