/** A browser without a window: keeps cookies, follows redirections, and sends the forms that a page has. */
export interface Browser {
  readonly visit: (url: string) => Promise<Page>
  /** Presses the button whose text begins with this. */
  readonly press: (page: Page, words: string, fields?: Readonly<Record<string, string>>) => Promise<Page>
}

interface Page {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export function browser(): Browser {
  const cookies = new Map<string, { readonly value: string; readonly origin: string; readonly path: string }>()

  function keep(url: URL, headers: Headers): void {
    for (const cookie of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      const path = /; *path=([^;]+)/i.exec(cookie)?.[1] ?? '/'
      cookies.set(`${name} ${path}`, { value: `${name}=${value}`, origin: url.origin, path })
    }
  }

  async function go(url: URL, body?: URLSearchParams): Promise<Page> {
    const mine = [...cookies.values()].filter(
      ({ origin, path }) => origin === url.origin && url.pathname.startsWith(path),
    )
    const headers = { cookie: mine.map(({ value }) => value).join('; ') }
    const answer = await fetch(url, { redirect: 'manual', headers, ...(body && { method: 'POST', body }) })
    keep(url, answer.headers)
    const to = answer.headers.get('location')
    if (to !== null) {
      await answer.body?.cancel()
      return go(new URL(to, url))
    }
    return { url: url.href, status: answer.status, headers: answer.headers, text: await answer.text() }
  }

  return {
    visit: (url) => go(new URL(url)),
    async press(page, words, fields = {}) {
      const forms = [...page.text.matchAll(/<form[^>]* action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)]
      const [, action = '', inside = ''] =
        forms.find(([, , within = '']) => new RegExp(`<button[^>]*>${words}`).test(within)) ?? []
      if (action === '') throw new Error(`There is no button “${words}” on ${page.url}:\n${page.text}`)
      const hidden = [...inside.matchAll(/<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"/g)]
      const values = hidden.map(([, name = '', value = '']) => [name, value] as [string, string])
      return go(new URL(action, page.url), new URLSearchParams([...values, ...Object.entries(fields)]))
    },
  }
}
