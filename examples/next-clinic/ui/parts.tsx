import Link from "next/link"
import type { ReactNode } from "react"

/** A link that reads nothing before somebody follows it: a page that is fetched ahead would stand in the audit log as seen. */
export function Go({
  to,
  children,
  className,
  current,
}: {
  to: string
  children: ReactNode
  className?: string
  current?: boolean
}) {
  return (
    <Link href={to} prefetch={false} className={className} aria-current={current ? "page" : undefined}>
      {children}
    </Link>
  )
}

export function Card({
  title,
  aside,
  children,
  id,
}: {
  title?: string
  aside?: ReactNode
  children: ReactNode
  id?: string
}) {
  return (
    <section
      className="card"
      id={id}
      aria-labelledby={title === undefined || id === undefined ? undefined : `${id}-title`}
    >
      {title !== undefined && (
        <div className="card-head">
          <h2 id={id === undefined ? undefined : `${id}-title`}>{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  )
}

const tones: Readonly<Record<string, string>> = {
  paid: "good",
  done: "good",
  signed: "good",
  legitimate: "good",
  arrived: "good",
  due: "warn",
  draft: "warn",
  open: "warn",
  forwarded: "warn",
  cancelled: "muted",
  void: "muted",
  not_legitimate: "bad",
}

export function Tag({ of, children }: { of?: string; children: ReactNode }) {
  return <span className={`tag ${tones[of ?? ""] ?? ""}`}>{children}</span>
}

export function More({ summary, children, open = false }: { summary: string; children: ReactNode; open?: boolean }) {
  return (
    <details className="more" open={open}>
      <summary>{summary}</summary>
      <div className="more-body">{children}</div>
    </details>
  )
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>
}

export function Facts({ of }: { of: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Marks of the demo's own data, by which leaks are found, are not for people. */
export const readable = (text: string | null | undefined): string =>
  (text ?? "").replace(/\s*\[cny[0-9a-f]{20}\]/g, "").replace(/^cny[0-9a-f]{20}-/, "№ ")
