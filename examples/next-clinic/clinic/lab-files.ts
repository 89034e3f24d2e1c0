/** Of a file, in bytes; the table's own check says the same. */
export const mostBytes = 5 * 1024 * 1024

/** By its first bytes, whatever its name says: what is kept here is opened on the machines of a clinic. */
const kinds = [
  { begins: Buffer.from("%PDF-"), type: "application/pdf", ending: "pdf" },
  { begins: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), type: "image/png", ending: "png" },
  { begins: Buffer.from([0xff, 0xd8, 0xff]), type: "image/jpeg", ending: "jpg" },
] as const

export const endings = kinds.map(({ ending }) => `.${ending}`)

export function mediaTypeOf(content: Buffer): string | undefined {
  return kinds.find(({ begins }) => content.subarray(0, begins.length).equals(begins))?.type
}

/** What the log calls it: a name that people gave may name the patient. */
export function neutralName(id: string, mediaType: string): string {
  return `${id}.${kinds.find(({ type }) => type === mediaType)?.ending ?? "bin"}`
}

/** A name for people, as a browser sends it: no folder, nothing invisible, and not longer than the column. */
export function fileName(sent: string | null): string {
  let name = ""
  try {
    name = decodeURIComponent(sent ?? "")
  } catch {
    // Malformed: it has no name.
  }
  const bare = name.replace(/^.*[/\\]/, "").replace(/\p{C}/gu, "")
  return [...bare].slice(0, 120).join("") || "file"
}
