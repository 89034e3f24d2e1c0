import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

/**
 * Runs a program with the terminal attached and resolves with its exit code. `stays`: it runs until it is told to end, and is told
 * what this process is told. `quiet`: what it says is shown when it fails. `held`: it is shown whole at the end, for
 * programs that run side by side.
 */
export function run(
  program,
  args,
  { env = {}, cwd = root, quiet = false, held = false, limitMinutes, stays = false } = {},
) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet || held ? ["ignore", "pipe", "pipe"] : "inherit",
      timeout: limitMinutes === undefined ? undefined : limitMinutes * 60_000,
    })
    if (stays) for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
    let output = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text
      })
    }
    const finish = (code) => {
      if (held) process.stdout.write(output)
      else if (quiet && code !== 0) process.stderr.write(output)
      resolve(code)
    }
    child.on("error", (error) => {
      process.stderr.write(`${program}: ${error.message}\n`)
      finish(127)
    })
    child.on("close", (code, signal) => {
      if (signal !== null && limitMinutes !== undefined)
        process.stderr.write(`${program}: ended by ${signal}; it has ${limitMinutes} minutes\n`)
      finish(code ?? (signal ? 128 : 1))
    })
  })
}

/** Runs a workspace tool's JavaScript entry with this same Node, or the one of `node`, so no shell shim is involved. */
export function tool(entry, args, { node = process.execPath, ...options } = {}) {
  return run(node, [`${root}node_modules/${entry}`, ...args], options)
}
