import { stdout } from "node:process"
import type { Crossing, Layer, Verdict } from "./attempt.js"

const colours: Readonly<Record<Verdict, string>> = { REFUSED: "32", EMPTY: "32", DISCLOSED: "33", LEAK: "31" }

const paint = (code: string, text: string): string => (stdout.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text)

export function line(text = ""): void {
  stdout.write(`${text}\n`)
}

export function heading(text: string): void {
  line(`\n${paint("1", text)}`)
}

export function crossingLine({ layer, attempt, verdict, how }: Crossing): string {
  return `${paint(colours[verdict], verdict.padEnd(9))} ${layer.padEnd(18)} ${attempt} → ${how.slice(0, 150)}`
}

/** One line per layer: how many attempts, and what became of them. */
export function totals(crossings: readonly Crossing[]): string[] {
  const layers = new Map<Layer, Crossing[]>()
  for (const one of crossings) layers.set(one.layer, [...(layers.get(one.layer) ?? []), one])
  return [...layers].map(([layer, of]) => {
    const count = (verdict: Verdict): number => of.filter((one) => one.verdict === verdict).length
    const disclosed = count("DISCLOSED") === 0 ? "" : `, ${count("DISCLOSED")} disclosed a count`
    return `  ${layer.padEnd(18)} ${String(of.length).padStart(3)} attempts: ${count("REFUSED")} refused, ${count("EMPTY")} saw nothing of others${disclosed}, ${count("LEAK")} leaks`
  })
}
