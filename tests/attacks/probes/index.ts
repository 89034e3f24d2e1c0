import type { Probe } from "../probe.ts"
import { contextProbes } from "./context.ts"
import { errorProbes } from "./errors.ts"
import { privilegeProbes } from "./privileges.ts"
import { purposeProbes } from "./purposes.ts"
import { secretProbes } from "./secrets.ts"
import { shadowProbes } from "./shadow.ts"
import { tokenProbes } from "./tokens.ts"
import { writeProbes } from "./writes.ts"

export const allProbes: Readonly<Record<string, readonly Probe[]>> = {
  "changing the context": contextProbes,
  "a token for another purpose": purposeProbes,
  "writing and referring": writeProbes,
  "privileges that nobody gave": privilegeProbes,
  "keys, tokens and look-ups": secretProbes,
  "errors and plans": errorProbes,
  "names that shadow ours": shadowProbes,
  "tokens past their time": tokenProbes,
}
