import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { readArguments } from "../options.ts"
import { missing } from "./callgrind.ts"
import { agreed, countOne } from "./passes.ts"
import { instructionsOf } from "./totals.ts"

/** As callgrind 3.19 writes it; made by hand, so that each number of it is another one. */
const file = `# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 4711
cmd:  postgres -D data
part: 1

desc: Timerange: Basic block 100 - 900
desc: Trigger: Monitor command dump

positions: line
events: Ir
summary: 40

fn=(1) exec_bind_message
0 7
cfn=(2) palloc
calls=3 0
0 33
fn=(2)
0 35

totals: 42
`

describe("a file of callgrind", () => {
  test("says in its last line how many instructions were executed", () => {
    expect(instructionsOf(file)).toBe(42)
  })

  test("may count other events before them", () => {
    expect(
      instructionsOf(file.replace("events: Ir", "events: sysCount Ir").replace("totals: 42", "totals: 5 43")),
    ).toBe(43)
  })

  test("that was not written to its end is no count", () => {
    expect(() => instructionsOf(file.slice(0, file.indexOf("totals")))).toThrow("not written to its end")
  })

  test("without instructions is no count", () => {
    expect(() => instructionsOf(file.replace("events: Ir", "events: Dr"))).toThrow("no event Ir")
    expect(() => instructionsOf(file.replace("totals: 42", "totals: many"))).toThrow("no whole numbers")
  })
})

describe("counting one execution", () => {
  const plan = { warmUp: 2, executions: 10, passes: 3, most: 1.01 }

  test("leaves out what it takes to begin and to end counting, and what was executed before", async () => {
    let executed = 0
    const turns: number[] = []
    const once = async (turn: number): Promise<void> => {
      turns.push(turn)
      executed += 7
    }
    const count = async (work: () => Promise<void>): Promise<number> => {
      const before = executed
      await work()
      return executed - before + 1000
    }
    expect(await countOne("a view", count, once, plan)).toEqual({ instructions: 7, range: [1, 1] })
    expect(turns).toEqual(Array.from({ length: 2 + 3 * 30 }, (_, at) => at))
  })

  test("gives the median of passes that agree, and none where one is more than a hundredth above another", () => {
    expect(agreed("a view", [1009, 1000, 1002], 1.01).instructions).toBe(1002)
    expect(() => agreed("a view", [1011, 1000, 1002], 1.01)).toThrow("a view: the passes counted 1011, 1000, 1002")
    expect(() => agreed("a view", [0, 0], 1.01)).toThrow("do not agree")
  })
})

describe("the arguments and the programs", () => {
  test("instructions are a set of their own, with the options of the others", () => {
    const options = readArguments(["--only", "instructions", "--quick", "--json", "out.json", "--bench", "view,list"])
    expect(options).toMatchObject({ set: "instructions", quick: true, json: "out.json", benches: ["view", "list"] })
    expect(() => readArguments(["--only", "instructions", "--whole"])).toThrow("--whole")
    expect(() => readArguments(["--only", "instruction"])).toThrow("instructions")
  })

  test("where valgrind is missing it is said what to install", () => {
    const empty = mkdtempSync(join(tmpdir(), "wardkeep-no-programs-"))
    try {
      expect(missing({ PATH: empty })).toContain("valgrind and vgdb cannot be run here. Install the package valgrind")
    } finally {
      rmSync(empty, { recursive: true })
    }
  })
})
