export interface Snippet {
  /** `README.md:9` */
  readonly where: string
  readonly language: string
  readonly text: string
}

/** Fenced blocks whose opening line says `runnable`. */
export function runnableSnippets(path: string, markdown: string): Snippet[] {
  const found: Snippet[] = []
  const lines = markdown.split("\n")
  for (let i = 0; i < lines.length; i++) {
    const opening = /^```(\w+) runnable$/.exec(lines[i] ?? "")
    if (opening === null) continue
    const end = lines.indexOf("```", i + 1)
    if (end === -1) throw new Error(`${path}:${i + 1}: the block does not end`)
    found.push({ where: `${path}:${i + 1}`, language: opening[1] ?? "", text: lines.slice(i + 1, end).join("\n") })
    i = end
  }
  return found
}
