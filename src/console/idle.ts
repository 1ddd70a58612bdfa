import { useEffect, useState } from 'preact/hooks'

/** Milliseconds without a key, a click, a touch or a turn of the wheel after which a page is taken for left alone. */
const longestIdle = 15 * 60_000

const signs = ['keydown', 'pointerdown', 'wheel', 'touchstart'] as const

/** How many things run that somebody began and waits for. */
let running = 0

/** Takes a page for touched as long as this work runs: whoever waits for it is not away. */
export async function stayAwake<T>(work: Promise<T>): Promise<T> {
  running++
  try {
    return await work
  } finally {
    running--
  }
}

/** Says when nobody has touched the page for long. The time is measured by the clock, so that sleep counts too. */
export function useIdle(left: () => void): boolean {
  const [isIdle, setIdle] = useState(false)
  useEffect(() => {
    if (isIdle) return undefined
    let touched = Date.now()
    const touch = () => {
      if (Date.now() - touched < longestIdle) touched = Date.now()
    }
    const timer = setInterval(() => {
      if (running > 0) touch()
      if (Date.now() - touched < longestIdle) return
      left()
      setIdle(true)
    }, 1_000)
    for (const sign of signs) addEventListener(sign, touch, { passive: true })
    return () => {
      clearInterval(timer)
      for (const sign of signs) removeEventListener(sign, touch)
    }
  }, [isIdle])
  return isIdle
}
