"use client"

import { useRouter } from "next/navigation"
import { type Act, ActionForm } from "./action-form"
import { FileField } from "./field"

interface Props {
  readonly to: string
  readonly accept: readonly string[]
  readonly mostBytes: number
  readonly words: Readonly<Record<"file" | "fileHint" | "fileAdded" | "addFile", string>>
  readonly errors: Readonly<Record<string, string>>
}

const codeIn = async (answer: Response): Promise<string> =>
  await answer.json().then(
    ({ code }) => String(code),
    () => "internal",
  )

/** Sends the file as it is. One that is too large is refused before it is sent, and stays chosen. */
export function AddLabFile({ to, accept, mostBytes, words, errors }: Props) {
  const router = useRouter()
  const said = (code: string) => ({ error: errors[code] ?? errors.internal ?? code })
  const add: Act = async (_before, form) => {
    const file = form.get("file")
    if (!(file instanceof File)) return said("invalid_input")
    if (file.size > mostBytes) return said("too_large")
    const headers = { "x-file-name": encodeURIComponent(file.name) }
    const answer = await fetch(to, { method: "POST", body: file, headers }).catch(() => undefined)
    if (answer === undefined) return said("internal")
    if (!answer.ok) return { ...said(await codeIn(answer)), ...(answer.status === 401 && { over: true }) }
    router.refresh()
    return { done: words.fileAdded }
  }
  return (
    <ActionForm action={add} button={words.addFile}>
      <FileField name="file" id="lab-file" label={words.file} hint={words.fileHint} accept={accept} />
    </ActionForm>
  )
}
