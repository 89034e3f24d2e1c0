import { createRequire } from "node:module"

/** Of the installed package. */
export function version(): string {
  const manifest: unknown = createRequire(import.meta.url)("wardkeep/package.json")
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown"
}
