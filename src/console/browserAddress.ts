/** The same place outside Teams. The two addresses that only Teams opens are the inbox there. */
export const browserAddress = (): string =>
  location.pathname.replace(/^\/console\/teams\/(start$|setup$)?/, '/console/') + location.search
