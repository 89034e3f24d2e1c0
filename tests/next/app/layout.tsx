import { type ReactNode, Suspense } from "react"

export default function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Suspense fallback="…">{children}</Suspense>
      </body>
    </html>
  )
}
