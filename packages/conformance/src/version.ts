import { createRequire } from "node:module"

/** Of this package, as reports name it. */
export function version(): string {
  const manifest: unknown = createRequire(import.meta.url)("@wardkeep/conformance/package.json")
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown"
}
