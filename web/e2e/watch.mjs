/**
 * Samples of what the connection bar says, taken inside the page so that nothing between two looks of
 * the test is missed.
 */

/** Starts sampling: every change of the bar's words, with its time. */
export async function watchBar(page) {
  await page.evaluate(() => {
    const samples = [];
    const look = () => {
      const bar = document.querySelector('[role="status"][aria-label="Connection"]');
      const said = bar?.querySelector(".bar-words")?.textContent ?? "";
      if (samples.at(-1)?.said !== said) samples.push({ at: Date.now(), said });
      requestAnimationFrame(look);
    };
    look();
    window.barSamples = samples;
  });
}

/** What the bar has said since, oldest first: `{at, said}`; nothing is said as an empty text. */
export function barSaid(page) {
  return page.evaluate(() => window.barSamples);
}

/** What the bar said at a time. */
export function saidAt(samples, at) {
  return samples.findLast((sample) => sample.at <= at)?.said ?? "";
}
