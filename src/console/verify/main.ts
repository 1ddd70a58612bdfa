import { openPage } from './page.ts'
import { serve } from './worker.ts'

/**
 * One script for the page and for its worker, so that a page of one file has to hold it only once: the page starts the worker
 * from its own text.
 */
if (typeof document === 'undefined') serve()
else openPage(document.currentScript?.textContent ?? '')
