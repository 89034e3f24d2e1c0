import { resolve } from "node:path"
import type { NextConfig } from "next"

const root = resolve(import.meta.dirname, "../..")

const config: NextConfig = {
  poweredByHeader: false,
  devIndicators: false,
  // One copy of the client in the process, with its connections.
  serverExternalPackages: ["wardkeep", "@wardkeep/permissions", "@wardkeep/example-express-clinic"],
  turbopack: { root },
  outputFileTracingRoot: root,
  experimental: { cpus: 1, serverActions: { bodySizeLimit: "64kb" } },
}
export default config
