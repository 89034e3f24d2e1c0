/** Of a file, in bytes; the table's own check says the same. */
export const mostBytes = 5 * 1024 * 1024

/** By its first bytes, whatever its name says: what is kept here is opened on the machines of a clinic. */
const kinds = [
  { begins: Buffer.from("%PDF-"), type: "application/pdf", endings: [".pdf"] },
  { begins: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), type: "image/png", endings: [".png"] },
  { begins: Buffer.from([0xff, 0xd8, 0xff]), type: "image/jpeg", endings: [".jpg", ".jpeg"] },
] as const

export const endings: readonly string[] = kinds.flatMap((kind) => kind.endings)
const endingsOf = (mediaType: string): readonly string[] => kinds.find(({ type }) => type === mediaType)?.endings ?? []

export function mediaTypeOf(content: Buffer): string | undefined {
  return kinds.find(({ begins }) => content.subarray(0, begins.length).equals(begins))?.type
}

/** What the log calls it: a name that people gave may name the patient. */
export function neutralName(id: string, mediaType: string): string {
  return `${id}${endingsOf(mediaType)[0] ?? ".bin"}`
}

/**
 * A name for people, as a browser sends it: no folder, nothing invisible, and not longer than the column. It ends as its kind does:
 * bytes that begin as a PDF may go on as a page, and `.html` would be opened as one where it is saved.
 */
export function fileName(sent: string | null, mediaType: string): string {
  let name = ""
  try {
    name = decodeURIComponent(sent ?? "")
  } catch {
    // Malformed: it has no name.
  }
  const visible = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
  const bare = visible.replace(/^.*[/\\]/, "") || "file"
  const [ending = "", ...others] = endingsOf(mediaType)
  const right = [ending, ...others].find((one) => bare.toLowerCase().endsWith(one))
  const stem = right === undefined ? bare : bare.slice(0, -right.length)
  return [...stem].slice(0, 120 - 5).join("") + (right ?? ending)
}

/** For `Content-Disposition`: saved and never shown here, under the name that people gave. */
export function savedAs(plain: string, name: string): string {
  // As RFC 8187 has it, which leaves fewer characters as they are than a URL does.
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
