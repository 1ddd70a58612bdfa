import { randomUUID } from 'node:crypto'
import { inWhole, someOf } from '../support/whole.ts'
import { buttonsOf, press, type Scene } from './scene.ts'

const drop = { action: 'db.drop', target: 'staging/postgres/customers', environment: 'staging', params: {} }
const restart = { action: 'service.restart', target: 'prod/web', params: {} }

/** What a person does on a request's card. */
export function deciding(scene: () => Scene): void {
  const tiers = [
    ['Low', restart],
    ['Medium', {}],
  ] as const

  test.each(someOf(tiers))('%s tier takes two clicks from the card in the channel', async (tier, more) => {
    const { client, ask, waits, posted } = scene()
    const request = await ask(more)
    const decided = waits(request)
    const card = await posted(request)
    await client.says(card, `${tier} tier`)
    for (const click of ['Review', 'Approve']) await press(card, click)
    expect(await decided).toMatchObject({ status: 'approved', next: 'redeem' })
    await client.says(card, 'Approved, not used yet')
  })

  test('tier high wants the last part of the target typed', async () => {
    const { client, ask, read, waits, reviewed } = scene()
    const request = await ask({ ...drop, reason: 'The copy of October is not needed any more, ticket DBA-112' })
    const decided = waits(request)
    const card = await reviewed(request)
    await client.says(card, 'High tier')
    expect(await buttonsOf(card)).toEqual(['Ask…', 'Approve…', 'Deny…'])
    await press(card, 'Approve…')
    await press(card, 'Confirm: drop customers')
    await client.says(card, 'Type it exactly as it is shown.')

    const confirm = card.getByLabel('The last part of the target')
    await confirm.fill('customer')
    await card.getByLabel('Note (optional)').fill('DBA-112 is closed')
    await press(card, 'Confirm: drop customers')
    await client.page.getByText('Nothing was counted: to approve, type the last part').first().waitFor()
    expect(await read(request)).toMatchObject({ status: 'pending', approvals: { decisions: [] } })
    expect(await confirm.inputValue()).toBe('customer')
    expect(await card.getByLabel('Note (optional)').inputValue()).toBe('DBA-112 is closed')
    expect(await buttonsOf(card)).toEqual(['Confirm: drop customers', 'Back'])
    await client.picture('fault', card)

    await press(card, 'Back')
    await press(card, 'Approve…')
    await confirm.fill('customers ')
    await client.picture('confirm', card)
    await press(card, 'Confirm: drop customers')
    expect(await decided).toMatchObject({ status: 'approved', next: 'redeem' })
    await client.says(card, 'Approved, not used yet')
  })

  inWhole(() => longAndRevoked(scene))
}

function longAndRevoked(scene: () => Scene): void {
  test('a long action is approved on its last page alone', async () => {
    const { client, ask, waits, reviewed } = scene()
    const notes = `begins here ${'and goes on '.repeat(700)}ends here`
    const request = await ask({ action: 'deploy.release', target: 'prod/web', params: { from: '1', to: '2', notes } })
    const decided = waits(request)
    const card = await reviewed(request)
    const page = async (words: string, shown: string, buttons: readonly string[]) => {
      await client.says(card, words)
      expect(await card.innerText()).toContain(shown)
      expect(await buttonsOf(card)).toEqual(buttons)
    }
    await page('Page 1 of 3', 'begins here', ['Next', 'Ask…', 'Deny…'])
    await client.says(card, 'You can approve on the last page')
    await press(card, 'Next')
    await page('Page 2 of 3', 'and goes on', ['Previous', 'Next', 'Ask…', 'Deny…'])
    await press(card, 'Previous')
    await page('Page 1 of 3', 'begins here', ['Next', 'Ask…', 'Deny…'])
    await press(card, 'Next')
    await client.says(card, 'Page 2 of 3')
    await press(card, 'Next')
    await page('Page 3 of 3', 'ends here', ['Previous', 'Ask…', 'Approve', 'Note…', 'Deny…'])
    await press(card, 'Approve')
    expect(await decided).toMatchObject({ status: 'approved' })
    await client.says(card, 'Approved, not used yet')
  })

  test('an approval that nobody has used is revoked from the card', async () => {
    const { stack, client, ask, read, approve, posted } = scene()
    const request = await ask()
    const card = await posted(request)
    await approve('dba-2', request)
    await client.says(card, 'Approved, not used yet')
    const { grant } = await read(request)

    await press(card, 'Review')
    await client.says(card, /^Action digest sha256:/)
    expect(await buttonsOf(card)).toEqual(['Revoke…'])
    await press(card, 'Revoke…')
    await card.getByLabel('Reason (optional)').fill('Wrong table.')
    await client.picture('revoke', card)
    await press(card, 'Revoke the approval')
    await client.says(card, /Revoked by/)
    await client.says(card, 'Wrong table.')
    expect(await read(request)).toMatchObject({ status: 'revoked' })
    expect(await buttonsOf(card)).toEqual([])
    await client.picture('revoked', card)

    const redemption = { grant: grant.token, digest: request.digest, redemption: randomUUID() }
    const redeemed = await stack.call('deploy-bot', `/api/requests/${request.id}/redeem`, redemption)
    expect(redeemed).toMatchObject({ status: 409, body: { code: 'not-redeemable' } })
  })
}
