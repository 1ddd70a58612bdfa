/** The call for the requests that wait, which is made before the page that shows them is drawn. */
export const waitingRequests = ['/api/requests', { query: { status: 'pending', limit: '100' } }] as const
