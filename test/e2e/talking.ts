import { objects } from '../cards/drawn.ts'
import { buttonsOf, press, type Scene } from './scene.ts'

/** Clicks in a Teams client of somebody else, and gives the card that they are answered with. */
type Clicks = (name: string, verb: string, data: object) => Promise<object>

const release = { action: 'deploy.release', target: 'prod/payments', params: { from: '2.3.1', to: '2.4.0' } }

/** What people say about a request on its card, and what time and emergencies add. */
export function talking(scene: () => Scene, clicks: Clicks): void {
  const sent = (card: object, verb: string) =>
    (objects(card).find((one) => one['verb'] === verb)?.['data'] ?? {}) as Readonly<Record<string, unknown>>

  test('a question is asked on the card, answered by the owner in their chat, and the answer approved', async () => {
    const { client, ask, waits, reviewed } = scene()
    const request = await ask(release)
    const decided = waits(request)
    const card = await reviewed(request)
    expect(await buttonsOf(card)).toEqual(['Ask…', 'Approve', 'Note…', 'Deny…'])
    await press(card, 'Ask…')
    await card.getByLabel('Question to the agent’s side').fill('Is the migration in it?')
    await press(card, 'Send this question')
    await client.says(card, 'Waiting for the answer.')
    await client.page.getByText('An approver asks a question about this.').first().waitFor()
    await client.picture('asked', card)

    const side = await clicks('owner', 'review', { request: request.id })
    await clicks('owner', 'answer', { ...sent(side, 'answer'), answer1: 'No, that comes on Monday.' })
    await client.says(card, 'No, that comes on Monday.')
    await client.says(card, ', for the agent')
    await client.picture('answered', card)
    await press(card, 'Review')
    await press(card, 'Approve')
    expect(await decided).toMatchObject({ status: 'approved', next: 'redeem' })
    await client.says(card, 'Approved, not used yet')
  })

  test('a glass is broken by one of another group alone, seen by all, and reviewed', async () => {
    const { client, ask, waits, posted } = scene()
    const request = await ask({ ...release, target: 'prod/accounts' })
    const decided = waits(request)
    const card = await posted(request)
    const theirs = await clicks('oncall-1', 'review', { request: request.id })
    expect(objects(theirs).flatMap(({ verb }) => verb ?? [])).toEqual(['break-glass'])
    const typed = { glassReason: 'Logins fail, INC-7.', glassConfirm: 'accounts' }
    await clicks('oncall-1', 'break-glass', { ...sent(theirs, 'break-glass'), ...typed })
    expect(await decided).toMatchObject({ status: 'approved' })
    await client.says(card, 'Break-glass: approved by')
    await client.page.getByText('Break-glass: one person approved this alone.').first().waitFor()
    await client.picture('broken', card)

    await press(card, 'Review')
    await press(card, 'Justified…')
    await card.getByLabel('Reason (others will read it)').fill('Logins failed.')
    await press(card, 'It was justified')
    await client.says(card, 'Found justified by')
    await client.picture('justified', card)
  })

  test('a reminder lands in the thread once, and changes no card', async () => {
    const { stack, client, ask, posted } = scene()
    const request = await ask({ ...release, target: 'prod/search' })
    const card = await posted(request)
    const before = await card.innerText()
    await stack.local('advance', '16m')
    const reminders = client.page.locator('.ac-adaptiveCard').filter({ hasText: 'Reminder: this still waits' })
    const reminder = reminders.filter({ hasText: request.id })
    await reminder.first().waitFor()
    const second = await ask({ ...release, target: 'prod/billing' })
    await posted(second)
    expect(await reminder.count()).toBe(1)
    expect(await card.innerText()).toBe(before)
    await client.picture('reminded')
    for (const { id } of [request, second]) await stack.call('deploy-bot', `/api/requests/${id}/cancel`, {})
  })
}
