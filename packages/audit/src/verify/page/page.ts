import { WardkeepError } from "@wardkeep/core"
import { type BundleVerification, verifyBundle } from "../bundle.js"
import { cosignaturesOf, witnessKey } from "../cosignature.js"
import { readCheckpoint, trustedKeys } from "../note.js"
import { count, meaning, size } from "./words.js"

function part<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

const bundle = part("bundle", HTMLInputElement)
const keys = part("keys", HTMLTextAreaElement)
const anchors = part("anchors", HTMLTextAreaElement)
const witnesses = part("witnesses", HTMLTextAreaElement)
const go = part("go", HTMLButtonElement)
const told = part("told", HTMLElement)
const progress = part("progress", HTMLProgressElement)
const result = part("result", HTMLElement)
let dropped: File | undefined

/** Between two looks at the clock the browser gets to draw and to listen; in milliseconds. */
const turn = 100
/** Bytes verified between two such looks at the most; a browser hands over whole megabytes. */
const piece = 65_536

async function* piecesOf(file: File): AsyncIterable<Uint8Array> {
  const reader = file.stream().getReader()
  let [read, drawn] = [0, performance.now()]
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    for (let at = 0; at < value.length; at += piece) {
      yield value.subarray(at, at + piece)
      if (performance.now() - drawn < turn) continue
      const done = read + Math.min(at + piece, value.length)
      progress.value = done / file.size
      told.textContent = `${size(done)} of ${size(file.size)} verified`
      await new Promise((resolve) => setTimeout(resolve))
      drawn = performance.now()
    }
    read += value.length
  }
}

/** Everything is put in as text: nothing in a bundle can become part of the page. */
function element(name: string, text = "", within: readonly Node[] = []): HTMLElement {
  const made = document.createElement(name)
  made.append(text, ...within)
  return made
}

const checkpoint = /[^\n]+\n\d+\n[^\n]+\n\n(?:— [^\n]+(?:\n|$))+/gu

/** Checkpoints pasted one after the other, each ending with its signatures; undefined where anything else stands there. */
function checkpointsIn(text: string): readonly string[] | undefined {
  const whole = `${text.replaceAll("\r\n", "\n").trim()}\n`
  return whole.replace(checkpoint, "").trim() === "" ? (whole.match(checkpoint) ?? []) : undefined
}

function pemsIn(text: string): string[] {
  return text.match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? []
}

async function verified(file: File): Promise<Node[]> {
  const pems = pemsIn(keys.value)
  if (pems.length === 0)
    throw new WardkeepError("WK402", {
      message: "there is no public key to verify with",
      hint: "Paste a key from somebody you trust; never one that came with the bundle.",
    })
  const kept = checkpointsIn(anchors.value)
  if (kept === undefined)
    throw new WardkeepError("WK009", {
      message: "what was pasted as checkpoints is none, or not only checkpoints",
      hint: "Paste each whole: its name, its number, its hash, an empty line, and its signatures.",
    })
  const trusted = trustedKeys(pems)
  const known = witnesses.value
    .split(/\s+/)
    .filter((word) => word.includes("+"))
    .map(witnessKey)
  const found = await verifyBundle({ bytes: piecesOf(file), keys: trusted, anchors: kept })
  const seen = kept
    .filter((note) => readCheckpoint(note, trusted)?.signature === "valid")
    .flatMap((note) => cosignaturesOf(note, known))
    .map(({ name, at }) => `Cosigned by ${name} at ${at.toISOString()}.`)
  return report(found, seen)
}

function report(found: BundleVerification, witnessed: readonly string[]): Node[] {
  const sum = (of: "size" | "withheld" | "erased" | "dropped"): number => found.logs.reduce((n, log) => n + log[of], 0)
  const facts = [
    found.log,
    `Made ${found.made} by its own word, which nobody signed`,
    `${count(found.logs.length, "log")}, ${count(sum("size"), "leaf", "leaves")}`,
    ...(sum("withheld") > 0 ? [`${count(sum("withheld"), "leaf", "leaves")} shown as a hash only`] : []),
    ...(sum("erased") > 0
      ? [`${count(sum("erased"), "event")} with commitments in the place of a person, as after an erasure`]
      : []),
    ...(sum("dropped") > 0 ? [`${count(sum("dropped"), "event")} of months that were dropped`] : []),
    ...(found.absent > 0 ? [`${count(found.absent, "other log")} of this deployment not in the bundle`] : []),
    ...witnessed,
  ]
  const verdicts = found.verdicts.map(({ name, origin, message }) =>
    element("li", "", [element("strong", name), element("p", meaning[name]), element("p", `${origin}: ${message}`)]),
  )
  const alone =
    "Self-attested only: no checkpoint from outside was compared, so whoever holds the key could have rewritten it."
  result.className = found.ok ? "good" : "bad"
  return [
    element("h2", found.ok ? "OK" : "NOT OK"),
    ...(found.ok ? [element("p", "What is shown is what was sealed.")] : []),
    element("ul", "", verdicts),
    element(
      "ul",
      "",
      facts.map((fact) => element("li", fact)),
    ),
    ...(found.anchored ? [] : [element("p", alone)]),
  ]
}

function failed(error: unknown): Node[] {
  result.className = "bad"
  const [what, next] =
    error instanceof WardkeepError
      ? [`${error.code} ${error.message}`, error.hint]
      : ["The file cannot be read.", "Choose it again; if it was moved or changed meanwhile, the browser refuses it."]
  return [element("h2", "Not verified"), element("p", what), element("p", next)]
}

async function verify(): Promise<void> {
  const file = dropped ?? bundle.files?.[0]
  go.disabled = true
  result.replaceChildren()
  result.className = ""
  progress.hidden = false
  progress.value = 0
  try {
    if (file === undefined)
      throw new WardkeepError("WK009", { message: "there is no bundle", hint: "Choose or drop a .wkbundle file." })
    told.textContent = `${file.name}, ${size(file.size)}`
    const began = performance.now()
    result.replaceChildren(...(await verified(file)))
    told.textContent = `${file.name}, ${size(file.size)}, in ${((performance.now() - began) / 1000).toFixed(1)} s`
  } catch (error) {
    result.replaceChildren(...failed(error))
    told.textContent = ""
  } finally {
    progress.hidden = true
    go.disabled = false
    result.focus()
  }
}

document.addEventListener("dragover", (event) => event.preventDefault())
document.addEventListener("drop", (event) => {
  event.preventDefault()
  dropped = event.dataTransfer?.files[0]
  if (dropped !== undefined) told.textContent = `${dropped.name}, ${size(dropped.size)}`
})
bundle.addEventListener("change", () => {
  dropped = undefined
})
part("form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault()
  void verify()
})
