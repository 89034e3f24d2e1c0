import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { currentCode, makeWorld, openServer, setUp } from "@wardkeep/example-express-clinic/staging"

// `npm run demo -- --next`: an embedded PostgreSQL with the clinic in it, and the console before it.
const { values } = parseArgs({
  options: {
    next: { type: "boolean" },
    port: { type: "string", default: "0" },
    patients: { type: "string", default: "2000" },
  },
})
const say = (text) => process.stdout.write(`${text}\n`)
const server = await openServer()
let console_
let stopped = false
const stop = () => {
  stopped = true
  // While the clinic is made there is no console yet: whoever waits for the server is told that it went.
  if (console_ === undefined) void server.stop()
  else console_.kill("SIGTERM")
}
// Each time: who presses Ctrl-C twice must not leave the server behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop)
try {
  const world = makeWorld({ patients: Number(values.patients) })
  const clinics = await setUp({
    adminUrl: server.adminUrl,
    url: server.url,
    world,
    progress: (what) => say(`  ${what}`),
  })
  const { people, passwords, keyId, key } = clinics
  const url = (name) => server.url({ user: `wk_demo_${name}`, password: passwords[name] })
  const env = {
    ...process.env,
    NODE_ENV: "production",
    APP_DATABASE_URL: url("app"),
    ISSUER_DATABASE_URL: url("issuer"),
    MIGRATOR_DATABASE_URL: url("migrator"),
    WARDKEEP_KEY_ID: keyId,
    WARDKEEP_KEY: key.toString("base64"),
    // Plain HTTP on this machine.
    CONSOLE_INSECURE_COOKIES: "1",
    NEXT_TELEMETRY_DISABLED: "1",
  }
  const next = createRequire(import.meta.url).resolve("next/dist/bin/next")
  const folder = fileURLToPath(new URL(".", import.meta.url))
  const args = [next, "start", "--hostname", "127.0.0.1", "--port", values.port]
  if (stopped) throw new Error("stopped")
  console_ = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] })
  const ended = new Promise((resolve) => console_.once("exit", resolve))
  const cast = ["reception", "nurse", "doctor", "doctorOfTwo", "billing", "owner", "privacy"].map(
    (part) => people[part],
  )
  say("\nSign in as one of these; a code works once, and Enter prints the ones of now:\n")
  for (const { role, email, password } of cast) say(`  ${role.padEnd(10)} ${email.padEnd(32)} ${password}`)
  const codes = () => {
    for (const { role, totpSecret } of cast) say(`  ${role.padEnd(10)} ${currentCode(totpSecret, Date.now())}`)
  }
  say("")
  codes()
  say("\nCtrl-C stops everything and leaves nothing behind.\n")
  const input = createInterface({ input: process.stdin }).on("line", codes)
  input.once("SIGINT", stop)
  const code = await ended
  input.close()
  // Without being asked to: the console could not start, or broke.
  if (!stopped) process.exitCode = code || 1
} catch (error) {
  if (!stopped) throw error
} finally {
  console_?.kill("SIGTERM")
  await server.stop()
}
