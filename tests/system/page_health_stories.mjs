// SPDX-License-Identifier: Apache-2.0
// The stories of "Health".
import { check, login, open, patience } from "./page_browser.mjs";

/** The plots have points of two looks at least, drawn, and their number stands beside them. */
async function plotted(page, title) {
  const plot = page.locator("figure.plot", { has: page.getByText(title, { exact: true }) });
  await plot.locator("canvas").waitFor();
  await plot.locator(".number", { hasText: /\d/ }).first().waitFor();
  // Something of the curve's colour is on it.
  await page.waitForFunction((wanted) => {
    const figure = [...document.querySelectorAll("figure.plot")].find((one) => one.querySelector("strong").textContent === wanted);
    const canvas = figure?.querySelector("canvas");
    if (!canvas) return false;
    const hex = getComputedStyle(document.documentElement).getPropertyValue("--curve-0").trim();
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] > 200 && Math.abs(data[at] - red) < 24 && Math.abs(data[at + 1] - green) < 24 && Math.abs(data[at + 2] - blue) < 24) return true;
    return false;
  }, title, { timeout: patience });
}

export const healthStories = (settings, yourTurn) => ({
  async health(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await page.getByRole("link", { name: "Health", exact: true }).click();
    await page.getByRole("heading", { name: "Health", level: 1 }).waitFor();
    await page.getByText("All is well.").waitFor();
    await page.getByRole("region", { name: "Cameras" }).getByText("Connected since the start").waitFor();
    await page.getByRole("region", { name: "Cameras" }).getByText(/pictures a second/).waitFor();
    await page.getByRole("region", { name: "Disks and footage" }).getByText(/% used/).first().waitFor();
    await page.getByRole("region", { name: "Messages and queues" }).getByText("Messages that wait").waitFor();
    await page.getByRole("region", { name: "Parts of the daemon" }).getByText("running").first().waitFor();
    await page.getByRole("region", { name: "Certificate and audit log" }).getByText("in order").waitFor();
    const errors = page.getByRole("region", { name: "Recent errors" });
    await errors.getByText("no account exists").waitFor(); // what the daemon wrote of its first start
    check(!(await errors.textContent()).includes(settings.code), "the page shows the first account's code");
    for (const title of ["Answer of the house", "Processor", "Memory of Porchlight", "Pictures a second", "Waiting"]) await plotted(page, title);
    await visit.judge("health");
    await yourTurn("break"); // by itself, without a new look of anybody
    await page.getByRole("heading", { name: "Something is wrong" }).waitFor();
    await page.getByRole("status").getByText("Front door: ").waitFor();
    await errors.getByText("Details").first().click();
    await visit.judge("health-troubles");
    await visit.close();
  },

  /** A viewer sees what hangs on their cameras; a monitor the machine. */
  async health_of_others(how) {
    const visit = await open(settings, { ...how, locale: "de-DE" });
    const { page } = visit;
    const machine = settings.role === "monitor";
    await login(visit, settings, { password: "Passwort", now: machine ? "Zustand" : "Jetzt" }); // a monitor sees nothing else
    await page.getByRole("link", { name: "Zustand", exact: true }).click();
    await page.getByRole("heading", { name: "Zustand", level: 1 }).waitFor();
    const shows = async (name) => (await page.getByRole("heading", { name, level: 2 }).count()) > 0;
    await page.getByRole("heading", { name: "Seit diese Seite offen ist" }).waitFor();
    check((await shows("Kameras")) === !machine, "cameras");
    check((await shows("Teile des Dienstes")) === machine, "parts");
    check((await shows("Datenträger und Aufnahmen")) === machine, "storage");
    check(!(await shows("Letzte Fehler")), "errors are for administrators");
    if (!machine) await plotted(page, "Antwort des Hauses");
    else await plotted(page, "Prozessor");
    await visit.judge(`health-${settings.role}`);
    await visit.close();
  },
});
