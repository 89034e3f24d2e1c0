import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { expect, test } from "vitest"

// Ends with the pipe, too: whatever this test finds, nothing is left behind.
const started = `
for (const [n, signal] of ["SIGINT", "SIGTERM", "SIGHUP"].entries()) process.on(signal, () => process.exit(7 + n))
process.stdin.on("end", () => process.exit(1)).resume()
console.log("ready")`
const program = `import { run } from ${JSON.stringify(new URL("run.mjs", import.meta.url).href)}
process.exitCode = await run(process.execPath, ["-e", ${JSON.stringify(started)}], { stays: true })`

test.each([
  ["SIGINT", 7],
  ["SIGTERM", 8],
  ["SIGHUP", 9],
] as const)("what stays until it is told to end hears %s, and its exit code is the answer", async (signal, code) => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] })
  try {
    await once(child.stdout, "data")
    child.kill(signal)
    expect(await once(child, "exit")).toEqual([code, null])
  } finally {
    child.stdin.end()
  }
})

const says = (options: string) => `import { run } from ${JSON.stringify(new URL("run.mjs", import.meta.url).href)}
process.exitCode = await run(process.execPath, ["-e", "console.log('said'); process.exit(3)"], ${options})`

test("what runs beside others says all of it at its end, where it fails as where it does not", () => {
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", says("{ held: true }")], {
    encoding: "utf8",
  })
  expect({ stdout, status }).toEqual({ stdout: "said\n", status: 3 })
})

test("what its limit ends says so", () => {
  const text = says("{ limitMinutes: 0.01 }").replace("process.exit(3)", "setTimeout(() => 0, 60_000)")
  const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8" })
  expect({ stderr, status }).toEqual({
    stderr: `${process.execPath}: ended by SIGTERM; it has 0.01 minutes\n`,
    status: 128,
  })
})
