import { randomBytes } from "node:crypto"
import type { ServerOptions } from "./embedded.ts"

const port = 5432

/** The last resort: a platform without server binaries, but with a Docker engine. */
export async function startContainer(
  major: number,
  options: ServerOptions,
): Promise<{ url: string; stop(): Promise<void> }> {
  const { GenericContainer, Wait } = await import("testcontainers")
  const password = randomBytes(18).toString("base64url")
  const settings = { timezone: "UTC", fsync: options.fsync ? "on" : "off", max_connections: 200, ...options.settings }
  const command = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  try {
    const container = await new GenericContainer(`postgres:${major}`)
      .withEnvironment({
        POSTGRES_PASSWORD: password,
        POSTGRES_INITDB_ARGS: "--encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256",
      })
      .withCommand(["postgres", ...command])
      .withExposedPorts(port)
      .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
      .start()
    const url = `postgres://postgres:${password}@${container.getHost()}:${container.getMappedPort(port)}/postgres`
    return { url, stop: async () => void (await container.stop()) }
  } catch (cause) {
    throw new Error(`no PostgreSQL ${major}: set WARDKEEP_DATABASE_URL, install it, or start a Docker engine`, {
      cause,
    })
  }
}
