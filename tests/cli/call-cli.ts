import { PassThrough, Writable } from "node:stream"
import { runCommandLine } from "../../packages/wardkeep/src/cli/program.ts"
import type { Ran } from "./run-cli.ts"

/**
 * The same command line inside of this process, a second faster: for what it prints and answers. That a process ends with
 * that code, and what signals do to it, only `runCli` and `startCli` show.
 */
export async function callCli(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin: NodeJS.ReadableStream = new PassThrough().end(),
): Promise<Ran> {
  const stdout = new Kept()
  const stderr = new Kept()
  // Not terminals, as those of a child process.
  const streams = { stdin, stdout, stderr } as unknown as {
    stdin: NodeJS.ReadStream
    stdout: NodeJS.WriteStream
    stderr: NodeJS.WriteStream
  }
  const code = await runCommandLine(args, { env, folder, ...streams })
  return { code, stdout: stdout.text, stderr: stderr.text }
}

class Kept extends Writable {
  text = ""

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}
