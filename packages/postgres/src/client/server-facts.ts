import { WardkeepError } from "@wardkeep/core"
import { requireSupportedVersion } from "../compile/floor.js"
import { type GuardOptions, guardQuery, requireSafe, type ServerFacts } from "./guard.js"

/** Asks the server what it is and who we are, and refuses what the guard refuses. */
export async function readServer(
  bare: <R>(text: string) => Promise<R[]>,
  hostSchemas: readonly string[],
  guard: GuardOptions,
): Promise<ServerFacts> {
  let facts: ServerFacts | undefined
  try {
    ;[facts] = await bare<ServerFacts>(guardQuery(hostSchemas))
  } catch (error) {
    const cause = notInstalled(error)
    // On a server that `migrate` refuses, "run migrate" would be no help.
    if (cause !== error) await requireNewEnough(bare)
    throw cause
  }
  if (facts === undefined) throw new WardkeepError("WK901", { message: "the server said nothing of itself" })
  requireSafe(facts, guard)
  return facts
}

async function requireNewEnough(bare: <R>(text: string) => Promise<R[]>): Promise<void> {
  const [server] = await bare<Pick<ServerFacts, "version_num" | "version">>(
    "select pg_catalog.current_setting('server_version_num')::int as version_num, pg_catalog.current_setting('server_version') as version",
  )
  if (server !== undefined) requireSupportedVersion(server.version_num, server.version)
}

function notInstalled(error: unknown): unknown {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined
  if (code !== "42883" && code !== "3F000") return error
  return new WardkeepError("WK302", {
    message: "the schema wardkeep is missing or older than this client",
    hint: "Run `wardkeep migrate` and `wardkeep apply`.",
    cause: error,
  })
}
