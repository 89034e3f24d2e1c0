import { quoted } from "../../catalog/relation.js"
import type { Transaction } from "../../database/transaction.js"
import { numberOf } from "../../probe/facts.js"
import type { Ground } from "../../probe/ground.js"

/** Where nothing can be returned: whether the victim sees more rows than before. */
export async function grows(
  tx: Transaction,
  { relation, attacker, victim }: Ground,
  attack: () => Promise<unknown>,
): Promise<boolean> {
  const count = `select count(*) from ${quoted(relation)}`
  const before = await victim.look(async (own) => numberOf((await own.attempt(count)).rows))
  return await tx.undone(async () => {
    await attack()
    return (await victim.takeOver(tx, attacker)) && numberOf((await tx.attempt(count)).rows) > before
  })
}
