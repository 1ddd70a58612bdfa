type Texts = Readonly<Record<string, string>>

export function filled(template: string, values: { readonly words: Texts; readonly parts: Texts }): string
