import { buttonsOf, press, type Scene } from './scene.ts'

/** What a person types to the bot. */
export function chatting(scene: () => Scene): void {
  test('after the installation the bot says what to do next, and not again when Teams repeats itself', async () => {
    const { client } = scene()
    const { page } = client
    const welcome = page.getByText('Next: type "pending"')
    // the bot answers Teams when it has sent its words; what it says to "help" comes after them
    const heard = async () => {
      for (const told of ['installationUpdate 200', 'conversationUpdate 200'])
        await page.getByText(told).first().waitFor()
      await client.open('Personal Chat')
      await client.write('help')
      await page.getByText('Type "pending" to see what waits for you, or "show" and an id').first().waitFor()
    }
    await heard()
    expect(await welcome.count()).toBe(1)
    await client.picture('welcome')
    await page.reload() // the client begins with an empty chat, and tells the bot anew that it was installed
    await heard()
    expect(await welcome.count()).toBe(0)
  })

  test('"pending" lists what waits for Review, "show" shows one, and typing "approve" does nothing', async () => {
    const { client, ask, read, waits } = scene()
    const { page } = client
    const reason = 'Quarterly churn report for finance, ticket FIN-881'
    const first = await ask({ target: 'prod/postgres/customers', reason })
    const params = { from: '2.3.1', to: '2.4.0' }
    const second = await ask({ action: 'deploy.release', target: 'prod/web', params })
    const decided = waits(first)
    await client.open('Personal Chat')
    await client.write('pending')
    const list = page.locator('.ac-adaptiveCard').filter({ hasText: 'Waiting for a decision: 2' })
    await list.waitFor()
    expect(await buttonsOf(list)).toEqual(['Review 1', 'Review 2', 'Review 2 of deploy-bot together'])
    await client.picture('pending', list)
    const one = list.locator('.ac-container').filter({ hasText: first.target })
    await one.getByRole('button', { name: /^Review \d$/ }).click()
    const card = client.card(first.id)
    await client.says(card, 'Note…')
    await press(card, 'Approve')
    expect(await decided).toMatchObject({ status: 'approved', next: 'redeem' })
    await client.says(card, 'Approved, not used yet')

    await client.write('pending')
    await page.getByText('Waiting for a decision: 1').waitFor()
    await client.write(`show ${second.id}`)
    const shown = client.card(second.id)
    await client.says(shown, 'Waiting for approval')
    expect(await buttonsOf(shown)).toEqual(['Review'])
    await client.write(`approve ${second.id}`)
    await page.getByText('Typing this does nothing.').first().waitFor()
    await client.picture('chat')
    expect(await read(second)).toMatchObject({ status: 'pending', approvals: { decisions: [] } })
  })
}
