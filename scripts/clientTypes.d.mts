export const typesFile: string
export function typesOf(document: object): string
