/** The console's tab in Teams, as the manifest of the app and deep links name it: `entityId`. */
export const tabEntity = 'console'
