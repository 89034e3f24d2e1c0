import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createRequire } from "node:module"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { freePort } from "#tests/harness/src/port.ts"
import { secrets } from "../../express-clinic/src/testing/secrets.ts"

type Login = { readonly user: string; readonly password: string }

export interface RunningConsole {
  readonly origin: string
  readonly appUrl: string
  readonly issuerUrl: string
  readonly migratorUrl: string
  /** What Next wrote to its two outputs. */
  readonly said: string[]
  close(): Promise<void>
}

interface Options {
  readonly idleSeconds?: number
  readonly report?: string
}

/** Next's own production server over what `next build` made, in a process of its own, as `npm run demo -- --next` starts it. */
export async function openConsole(
  place: { url(login: Login): string },
  options: Options = {},
): Promise<RunningConsole> {
  const { passwords, keyId, key } = secrets
  const url = (name: keyof typeof passwords): string =>
    place.url({ user: `wk_demo_${name}`, password: passwords[name] })
  const folder = fileURLToPath(new URL("..", import.meta.url))
  const next = createRequire(`${folder}package.json`).resolve("next/dist/bin/next")
  const port = await freePort()
  const [appUrl, issuerUrl, migratorUrl] = [url("app"), url("issuer"), url("migrator")]
  const env = {
    ...process.env,
    NODE_ENV: "production" as const,
    APP_DATABASE_URL: appUrl,
    ISSUER_DATABASE_URL: issuerUrl,
    MIGRATOR_DATABASE_URL: migratorUrl,
    WARDKEEP_KEY_ID: keyId,
    WARDKEEP_KEY: key.toString("base64"),
    CONSOLE_INSECURE_COOKIES: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    ...(options.idleSeconds !== undefined && { CONSOLE_IDLE_SECONDS: String(options.idleSeconds) }),
    ...(options.report !== undefined && { CONFORMANCE_REPORT: options.report }),
  }
  const args = [next, "start", "--hostname", "127.0.0.1", "--port", String(port)]
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => said.push(String(text)))
  const origin = `http://127.0.0.1:${port}`
  await answering(child, origin, said)
  return {
    origin,
    appUrl,
    issuerUrl,
    migratorUrl,
    said,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, "exit")
      child.kill("SIGTERM")
      await gone
    },
  }
}

async function answering(child: ChildProcess, origin: string, said: readonly string[]): Promise<void> {
  const until = Date.now() + 60_000
  while (Date.now() < until) {
    if (child.exitCode !== null) break
    if (
      await fetch(`${origin}/sign-in`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    await wait(100)
  }
  child.kill("SIGKILL")
  throw new Error(`the console did not answer:\n${said.join("")}`)
}
