import { env, stderr, stdout } from "node:process"
import pino from "pino"
import { startClinic } from "./start.js"

/** The API as a service: everything it needs comes from the environment. */
const needed = (name: string): string => {
  const value = env[name]
  if (value === undefined || value === "") throw new Error(`set ${name}`)
  return value
}

try {
  const clinic = await startClinic({
    appUrl: needed("APP_DATABASE_URL"),
    issuerUrl: needed("ISSUER_DATABASE_URL"),
    keyId: needed("WARDKEEP_KEY_ID"),
    key: Buffer.from(needed("WARDKEEP_KEY"), "base64"),
    port: Number(env.PORT ?? 3000),
    log: pino({ level: env.LOG_LEVEL ?? "info", redact: ["err.detail", "err.where", "*.token", "*.password"] }),
    secureCookies: env.NODE_ENV === "production",
    ...(env.MIGRATOR_DATABASE_URL !== undefined && { migratorUrl: env.MIGRATOR_DATABASE_URL }),
  })
  stdout.write(`listening on ${clinic.origin}\n`)
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void clinic.close())
} catch (error) {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
