import { expect, test } from "vitest"
import { terminalProgress } from "./progress.js"

function stream(isTTY: boolean, columns = 40) {
  const written: string[] = []
  return { written, isTTY, columns, write: (text: string) => written.push(text) }
}

test("a terminal sees phase, share and step on one line that is erased at the end", () => {
  const terminal = stream(true)
  const progress = terminalProgress(terminal)
  progress.start("probe", 2)
  progress.step("WKC014 public.patient")
  progress.step("WKC015 public.visit")
  progress.step("WKC015 public.bill", 2)
  progress.done("2 checks")
  const lines = terminal.written.map((text) => text.replace("\r\u001b[2K", ""))
  expect(lines).toEqual([
    "probe 0/2",
    "probe 1/2  WKC014 public.patient",
    "probe 2/2  WKC015 public.visit",
    "probe 2/2  WKC015 public.bill",
    "2 checks\n",
  ])
  expect(terminal.written.every((text) => text.startsWith("\r\u001b[2K"))).toBe(true)
})

test("a pipe or a log sees nothing", () => {
  const log = stream(false)
  const progress = terminalProgress(log)
  progress.start("probe", 2)
  progress.step("WKC014")
  progress.done("2 checks")
  expect(log.written).toEqual([])
})

test("a line is cut to the terminal's width, and a name cannot move the cursor", () => {
  const terminal = stream(true, 20)
  const progress = terminalProgress(terminal)
  progress.start("probe")
  progress.step(`public."a\u001b[2Jb${"x".repeat(50)}"`)
  const last = terminal.written.at(-1)?.slice("\r\u001b[2K".length) ?? ""
  expect([...last]).toHaveLength(19)
  expect(last).not.toContain("\u001b")
  expect(last.endsWith("…")).toBe(true)
})
