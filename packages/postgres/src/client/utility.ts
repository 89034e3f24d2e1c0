import { WardkeepError } from "@wardkeep/core"
import { outward } from "./errors.js"
import type { Runtime } from "./runtime.js"
import { Statement } from "./wire/statement.js"
import { type Result, Unit } from "./wire/unit.js"

/** One statement of any kind on a session that nobody used before and nobody will use after. */
export async function utility<R>(runtime: Runtime, text: string): Promise<Result<R>> {
  if (runtime.settings.pooler)
    throw new WardkeepError("WK108", {
      message: "behind a pooler no session is new: it would run with what somebody left, and leave what it sets",
      hint: "Make a client for it whose `pool` names the server itself, without `pooler`.",
    })
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
