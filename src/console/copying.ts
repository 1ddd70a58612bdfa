import { unbroken } from '../core/data/text.ts'

/**
 * Gives what a reader copies from the page without the marks where a line may break: nobody sees them, and a search for the
 * text elsewhere would find nothing.
 */
export function copyUnbroken(event: ClipboardEvent): void {
  const text = String(getSelection())
  if (unbroken(text) === text) return
  event.clipboardData?.setData('text/plain', unbroken(text))
  event.preventDefault()
}
