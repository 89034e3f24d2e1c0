import { WardkeepError } from "@wardkeep/core"
import { outward } from "./errors.js"
import type { Runtime } from "./runtime.js"
import { Statement } from "./wire/statement.js"
import { type Result, Unit } from "./wire/unit.js"

/** One statement of any kind on a session that nobody used before and nobody will use after. */
export async function utility<R>(runtime: Runtime, text: string): Promise<Result<R>> {
  const connection = await runtime.open({ closed: () => undefined })
  try {
    const unit = new Unit(new Statement(text, "", true), [])
    const promise = unit.settled<R>()
    connection.send(unit, [])
    return await promise
  } catch (error) {
    throw outward(error, undefined, runtime.keepDetail)
  } finally {
    connection.destroy(new WardkeepError("WK109", { message: "the utility connection was used once" }))
  }
}
