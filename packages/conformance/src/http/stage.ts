import { classify } from "./carried.js"
import type { HttpCheck } from "./checks.js"
import { Denials } from "./denial.js"
import type { Account, Answer, Call, Exchange } from "./exchange.js"
import type { Gate } from "./gate.js"
import { evidenceIn, type Knowledge, type Tried } from "./judge.js"
import type { Api } from "./openapi.js"
import { type Reading, readAnswer } from "./reading.js"
import type { Routes } from "./route.js"
import { matches, type Scope } from "./scope.js"
import { type Shown, shownOf, View } from "./view.js"

export interface Pair {
  readonly attacker: Account
  readonly victim: Account
}

/** Everything that a run knows while it goes. */
export class Stage {
  readonly shown: Shown[] = []
  /** Answers to somebody else's questions that name nothing of theirs. */
  readonly repeated: { readonly pair: Pair; readonly shown: Shown }[] = []
  readonly tried: Tried[] = []
  readonly nobody = new View()
  readonly denials = new Map<string, Denials>()
  readonly keptFromNobody = new Set<Shown>()
  /** Routes that showed one account what another one was shown, and that no proof says it should not. */
  readonly shared = new Set<string>()
  readonly notCovered = new Set<string>()
  /** Account → statuses of its own requests that failed. */
  readonly failures = new Map<string, number[]>()
  /** Addresses that were found in answers → what had been asked for. */
  readonly links = new Map<string, Call>()
  /** Check → probes that were answered, and controls that showed that they could have found something. */
  readonly tally = new Map<string, { probes: number; controls: number }>()
  /** Recorded messages of WebSockets that the scope does not allow. */
  silenced = 0
  #settled = false
  readonly #knowledge = new Map<string, Knowledge>()

  constructor(
    readonly gate: Gate,
    readonly scope: Scope,
    readonly accounts: readonly Account[],
    readonly recorded: readonly Exchange[],
    readonly api: Api | undefined,
    readonly baseUrl: string,
    readonly routes: Routes,
    readonly progress: (text: string) => void,
  ) {}

  get pairs(): Pair[] {
    return this.accounts.flatMap((attacker) =>
      this.accounts.filter((victim) => victim !== attacker).map((victim) => ({ attacker, victim })),
    )
  }

  read(call: Call, answer: Answer): Reading {
    return readAnswer(answer, this.routes.collectionOf(call))
  }

  show(account: string, call: Call, answer: Answer, live: boolean): Shown {
    const shown = shownOf(account, call, answer, this.routes, live)
    this.shown.push(shown)
    return shown
  }

  shownTo(account: string): Shown[] {
    return this.shown.filter((shown) => shown.account === account)
  }

  /** Asked now and answered well. */
  liveOf(account: string): Shown[] {
    return this.shownTo(account).filter(({ live }) => live)
  }

  viewOf(account: string, without: ReadonlySet<Shown> = new Set()): View {
    const view = new View()
    for (const shown of this.shownTo(account)) if (!without.has(shown)) view.add(shown)
    return view
  }

  denialsOf(victim: string, attacker: string | undefined): Denials {
    const key = `${victim}\n${attacker ?? ""}`
    const denials = this.denials.get(key) ?? new Denials()
    this.denials.set(key, denials)
    return denials
  }

  /** Nothing more will be learnt about what anybody is shown. */
  settle(): void {
    this.#settled = true
  }

  knowledgeOf(victim: string, attacker: string | undefined): Knowledge {
    const key = `${victim}\n${attacker ?? ""}`
    const known = this.#knowledge.get(key) ?? this.#learn(victim, attacker)
    if (this.#settled) this.#knowledge.set(key, known)
    return known
  }

  /** What was shown to the attacker although the application keeps it from the attacker elsewhere is no ordinary sight. */
  #learn(victim: string, attacker: string | undefined): Knowledge {
    const base = {
      victim: this.viewOf(victim),
      nobody: this.nobody,
      denials: this.denialsOf(victim, attacker),
      planted: this.scope.canaries[victim] ?? [],
    }
    const empty = new View()
    if (attacker === undefined) {
      const others = new View()
      for (const shown of this.shown) if (shown.account !== victim) others.add(shown)
      return { ...base, attacker: empty, common: others }
    }
    const rough = { ...base, attacker: this.viewOf(attacker), common: empty }
    const isLeaky = (shown: Shown): boolean => evidenceIn(asTried(shown, victim, attacker), rough).length > 0
    const leaky = new Set(this.shownTo(attacker).filter(isLeaky))
    const common = new View()
    for (const shown of this.shown) if (this.isCommon(shown.call)) common.add(shown, false)
    for (const { pair, shown } of this.repeated) {
      if (pair.attacker.name === attacker && pair.victim.name === victim && !isLeaky(shown)) common.add(shown, false)
    }
    return { ...rough, attacker: this.viewOf(attacker, leaky), common }
  }

  /** Shown to its account and to nobody without one. */
  isPrivate(shown: Shown): boolean {
    return shown.live && this.keptFromNobody.has(shown)
  }

  /** Something was shown to the first that neither the second nor nobody was shown: without it no probe can find anything. */
  hasOwn(victim: string, attacker: string): boolean {
    const own = this.viewOf(victim)
    const others = [this.viewOf(attacker), this.nobody]
    const isOwn = (text: string): boolean => !others.some((view) => view.weak.has(text) || view.tokens.has(text))
    return [...own.tokens.keys(), ...own.weak.keys()].some(isOwn)
  }

  /** What the scope file says that everybody shares. */
  isCommon(call: Call): boolean {
    return this.scope.common.some((pattern) => matches(pattern, new URL(call.url).pathname))
  }

  count(check: HttpCheck["check"], what: "probes" | "controls", n = 1): void {
    const entry = this.tally.get(check) ?? { probes: 0, controls: 0 }
    entry[what] += n
    this.tally.set(check, entry)
  }
}

/** An answer to an attacker's own question, looked at as if it were a probe: what it shows ought to be the attacker's. */
export function asTried(shown: Shown, victim: string, attacker: string): Tried {
  const { route, call, answer, reading } = shown
  const check = classify(call, [], answer, false)
  const how = "an ordinary request of its own"
  return { check, route, attacker, victim, call, answer, reading, controls: [], slots: [], how }
}
