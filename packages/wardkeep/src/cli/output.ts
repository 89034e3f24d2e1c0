import { styleText } from "node:util"

export type Style = "red" | "yellow" | "green" | "bold" | "dim"

/** Where a command writes. Data goes to `out`, everything a person reads beside it to `err`. */
export interface Output {
  out(text: string): void
  err(text: string): void
  /** Colour only where the stream is a terminal. */
  paint(style: Style, text: string): string
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

export function outputOf({ stdout, stderr, env }: Surroundings): Output {
  const colour = stdout.isTTY === true && stderr.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb"
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    paint: (style, text) => (colour ? styleText(style, text) : text),
  }
}
