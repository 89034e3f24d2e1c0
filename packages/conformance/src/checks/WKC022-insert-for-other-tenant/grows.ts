import { quoted } from "../../catalog/relation.js"
import type { Transaction } from "../../database/transaction.js"
import { numberOf } from "../../probe/facts.js"
import type { Ground } from "../../probe/ground.js"

/**
 * Where nothing can be returned: whether the victim sees more rows than before, of those for which this holds. Others may write
 * meanwhile: what the victim sees without the attack is counted behind it as well.
 */
export async function grows(
  tx: Transaction,
  { relation, attacker, victim }: Ground,
  attack: () => Promise<unknown>,
  where = "true",
): Promise<boolean> {
  const count = `select count(*) from ${quoted(relation)} as wk_row where ${where}`
  const without = async (): Promise<number> =>
    await victim.look(async (own) => numberOf((await own.attempt(count)).rows))
  const before = await without()
  return await tx.undone(async () => {
    await attack()
    if (!(await victim.takeOver(tx, attacker))) return false
    const after = numberOf((await tx.attempt(count)).rows)
    return after > before && after > (await without())
  })
}
