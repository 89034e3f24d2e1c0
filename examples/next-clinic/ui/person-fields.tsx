import type { Words } from "@/words"
import { Field, Select } from "./field"

const names = ["full_name", "phone", "dob", "sex", "abha", "address", "allergies", "hiv_status"] as const
type Name = (typeof names)[number]

interface Props {
  readonly words: Words
  readonly shows: (name: Name) => boolean
  readonly only?: readonly Name[]
  readonly values?: Readonly<Partial<Record<Name, string | null>>>
}

/** The details of a person, as far as the role may write them. */
export function PersonFields({ words, shows, only = names, values = {} }: Props) {
  const label = (name: Name): string => words.fields[name] ?? name
  const value = (name: Name): string => values[name] ?? ""
  const options = (of: Record<string, string>) => Object.entries(of)
  const field: Record<Name, React.ReactNode> = {
    full_name: <Field name="full_name" label={label("full_name")} value={value("full_name")} max={200} />,
    phone: (
      <Field name="phone" type="tel" label={label("phone")} hint={words.phoneHint} value={value("phone")} max={13} />
    ),
    dob: <Field name="dob" type="date" label={label("dob")} value={value("dob")} optional={words.optional} />,
    sex: <Select name="sex" label={label("sex")} options={options(words.sexes)} value={value("sex")} />,
    abha: (
      <Field
        name="abha"
        label={label("abha")}
        value={value("abha")}
        mode="numeric"
        max={14}
        optional={words.optional}
      />
    ),
    address: <Field name="address" label={label("address")} value={value("address")} optional={words.optional} />,
    allergies: (
      <Field name="allergies" label={label("allergies")} value={value("allergies")} optional={words.optional} />
    ),
    hiv_status: (
      <Select name="hiv_status" label={label("hiv_status")} options={options(words.hiv)} value={value("hiv_status")} />
    ),
  }
  return (
    <div className="pair">
      {only.filter(shows).map((name) => (
        <div key={name}>{field[name]}</div>
      ))}
    </div>
  )
}
