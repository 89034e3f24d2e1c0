import { rm } from "node:fs/promises"
import type { TestProject } from "vitest/node"
import { packAll, type Tarball } from "./pack.ts"

declare module "vitest" {
  export interface ProvidedContext {
    packedTarballs: readonly Tarball[]
  }
}

/** Packed once for all files: it takes longer than most of what is asked of the tarballs. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { folder, tarballs } = await packAll()
  project.provide("packedTarballs", tarballs)
  return async () => await rm(folder, { recursive: true, force: true })
}
