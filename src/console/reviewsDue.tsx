import type { RequestList } from '../contract/requestAnswer.ts'
import { useAnswer } from './answers.ts'
import { useSigned } from './me.ts'
import { pageWords } from './pageWords.ts'
import { RequestTable } from './requestTable.tsx'

/** What one person approved alone, and this person may review. Nothing if there is none, or the list cannot be read. */
export function ReviewsDue() {
  const { api } = useSigned()
  const due = useAnswer('reviews', (signal) =>
    api.get<RequestList>('/api/requests', { query: { review: 'due', limit: '100' }, signal }),
  )
  const mine = (due.value?.requests ?? []).filter(({ may }) => may?.includes('review'))
  const { reviews } = pageWords
  if (mine.length === 0) return null
  return (
    <>
      <h2>{reviews.title}</h2>
      <p class="quiet">{reviews.about}</p>
      <RequestTable requests={mine} label={reviews.title} />
    </>
  )
}
