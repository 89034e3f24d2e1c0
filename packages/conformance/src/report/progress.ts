/** Where a run that takes longer than a moment says what it is doing. Never part of the report. */
export interface ProgressPrinter {
  /** A phase begins. `steps` is how many `step` calls will follow, where that is known. */
  start(phase: string, steps?: number): void
  /** One step of the phase begins: the next, or the one of this number. */
  step(what: string, number?: number): void
  /** The phase is over; the line is taken away, and the summary stays if there is one. */
  done(summary?: string): void
}

export const silentProgress: ProgressPrinter = { start: () => undefined, step: () => undefined, done: () => undefined }

/** The part of a stream that progress needs. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const eraseLine = "\r\u001b[2K"

/**
 * One line on a terminal that is written again for every step; nothing at all where there is no terminal, so that logs
 * and pipes stay clean.
 *
 * @example const progress = terminalProgress(process.stderr)
 */
export function terminalProgress(stream: ProgressStream): ProgressPrinter {
  if (stream.isTTY !== true) return silentProgress
  let phase = ""
  let steps: number | undefined
  let taken = 0
  const draw = (what: string): void => {
    const share = steps === undefined ? "" : ` ${taken}/${steps}`
    stream.write(eraseLine + cut(`${phase}${share}${what === "" ? "" : `  ${what}`}`, (stream.columns ?? 80) - 1))
  }
  return {
    start(name, total) {
      phase = name
      steps = total
      taken = 0
      draw("")
    },
    step(what, number = taken + 1) {
      taken = number
      draw(what)
    },
    done(summary) {
      stream.write(summary === undefined ? eraseLine : `${eraseLine}${printable(summary)}\n`)
    },
  }
}

/** Object names come from the target: none of them may move the cursor. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?")
}

function cut(text: string, width: number): string {
  const characters = [...printable(text)]
  return characters.length <= width ? characters.join("") : `${characters.slice(0, Math.max(width - 1, 0)).join("")}…`
}
