import { existsSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { leastMemory, memoryFolder } from "./memory-folder.mjs"

const inMemory = "/dev/shm"
const mounted = (options: string) => `tmpfs ${inMemory} tmpfs rw,noexec 0 0\ntmpfs ${inMemory} tmpfs ${options} 0 0\n`
const roomy = { available: leastMemory, mounts: mounted("rw,nosuid"), chosen: undefined, least: 1 }

describe.runIf(existsSync(inMemory))("where the servers of a leg keep what they forget", () => {
  test("is memory where there is enough", () => expect(memoryFolder(inMemory, roomy)).toBe(inMemory))

  test.each([
    ["somebody chose a folder", { chosen: "/somewhere" }],
    ["the machine has little to spare", { available: leastMemory - 1 }],
    ["the file system is small", { least: 2 ** 60 }],
    ["programs may not run from there: the last mount counts", { mounts: mounted("rw,noexec") }],
    ["nothing says how it is mounted", { mounts: "" }],
  ])("is the disk where %s", (_where, machine) =>
    expect(memoryFolder(inMemory, { ...roomy, ...machine })).toBeUndefined(),
  )
})

test("no disk is taken for memory, and what is not there for nothing else", () => {
  expect(memoryFolder("/proc", { ...roomy, mounts: mounted("rw").replaceAll(inMemory, "/proc") })).toBeUndefined()
  expect(memoryFolder("/nowhere", { ...roomy, mounts: mounted("rw").replaceAll(inMemory, "/nowhere") })).toBeUndefined()
})
