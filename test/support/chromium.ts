/** The browser of the tests: that of Debian, or the one that the setting names. */
export const chromiumPath = process.env['COUNTERSIGN_CHROMIUM'] || '/usr/bin/chromium'
