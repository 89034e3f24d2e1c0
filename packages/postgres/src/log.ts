/** The part of pino's shape that is used; any logger with these four methods will do. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The only fields that ever reach a logger: no text, no parameter, no token, no row. */
export interface LogFields {
  readonly code?: string | undefined
  readonly sqlstate?: string | undefined
  readonly role?: string | undefined
  readonly purpose?: string | undefined
  readonly requestId?: string | undefined
  readonly statement?: string | undefined
  readonly durationMs?: number | undefined
  readonly server?: string | undefined
  readonly job?: string | undefined
  readonly setting?: string | undefined
  readonly reason?: string | undefined
}

const allowed = [
  "code",
  "sqlstate",
  "role",
  "purpose",
  "requestId",
  "statement",
  "durationMs",
  "server",
  "job",
  "setting",
  "reason",
] as const satisfies readonly (keyof LogFields)[]

export type SafeLogger = Readonly<Record<keyof Logger, (fields: LogFields, message: string) => void>>

const silent: SafeLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/** Copies the allowed fields and drops everything else, also what a cast smuggled in. */
export function safeLogger(logger: Logger | undefined): SafeLogger {
  if (logger === undefined) return silent
  const pass =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void => {
      const clean: Record<string, unknown> = {}
      for (const name of allowed) if (fields[name] !== undefined) clean[name] = fields[name]
      logger[level](clean, message)
    }
  return { debug: pass("debug"), info: pass("info"), warn: pass("warn"), error: pass("error") }
}

function ignore(): void {
  // No logger was given.
}
