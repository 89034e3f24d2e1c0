import { resolve } from "node:path"
import type { NextConfig } from "next"

const config: NextConfig = {
  cacheComponents: true,
  // One copy of the client in the process, with its connections.
  serverExternalPackages: ["wardkeep"],
  turbopack: { root: resolve(import.meta.dirname, "../..") },
  outputFileTracingRoot: resolve(import.meta.dirname, "../.."),
  experimental: { cpus: 1 },
}
export default config
