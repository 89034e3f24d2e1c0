import type { HTMLInputAutoCompleteAttribute, ReactNode } from "react"

interface Common {
  readonly name: string
  readonly label: string
  readonly hint?: string
  /** Unique in the page; default: the name. */
  readonly id?: string
  readonly optional?: string
}

interface InputProps extends Common {
  readonly type?: "text" | "email" | "password" | "date" | "datetime-local" | "number" | "search" | "tel"
  readonly value?: string
  readonly complete?: HTMLInputAutoCompleteAttribute
  readonly mode?: "numeric"
  readonly max?: number
}

function Labelled({
  id,
  label,
  hint,
  optional,
  children,
}: Common & { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional !== undefined && <span className="soft"> ({optional})</span>}
      </label>
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children}
    </div>
  )
}

export function Field({ type = "text", value = "", complete = "off", mode, max = 400, ...common }: InputProps) {
  const { name, hint, optional, id = name } = common
  return (
    <Labelled {...common} id={id}>
      <input
        id={id}
        name={name}
        type={type}
        defaultValue={value}
        autoComplete={complete}
        inputMode={mode}
        maxLength={max}
        required={optional === undefined}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
    </Labelled>
  )
}

/** Which file; it stays chosen when it is refused. */
export function FileField({ accept, ...common }: Common & { readonly accept: readonly string[] }) {
  const { name, hint, id = name } = common
  return (
    <Labelled {...common} id={id}>
      <input
        id={id}
        name={name}
        type="file"
        accept={accept.join(",")}
        required
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
    </Labelled>
  )
}

export function TextArea({
  rows = 4,
  max = 20_000,
  value = "",
  ...common
}: Common & { rows?: number; max?: number; value?: string }) {
  const { name, hint, id = name, optional } = common
  return (
    <Labelled {...common} id={id}>
      <textarea
        id={id}
        name={name}
        rows={rows}
        maxLength={max}
        defaultValue={value}
        required={optional === undefined}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
    </Labelled>
  )
}

interface SelectProps extends Common {
  readonly value?: string
  readonly options: readonly (readonly [value: string, text: string])[]
}

export function Select({ value, options, ...common }: SelectProps) {
  const { name, id = name } = common
  return (
    <Labelled {...common} id={id}>
      <select id={id} name={name} defaultValue={value}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </Labelled>
  )
}
