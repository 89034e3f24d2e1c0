import { execFile } from "node:child_process"

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. A non-zero exit is a result here, not an exception. */
export function execute(program: string, args: readonly string[], cwd: string, env = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 28 }
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1
      resolve({ code, stdout, stderr: error === null || stderr !== "" ? stderr : error.message })
    })
  })
}

export async function mustSucceed(program: string, args: readonly string[], cwd: string, env = {}): Promise<string> {
  const { code, stdout, stderr } = await execute(program, args, cwd, env)
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} exited with ${code}\n${stdout}\n${stderr}`)
  return stdout
}
