// SPDX-License-Identifier: Apache-2.0
// The stories of "People": photographs of real faces, looked at by the real daemon.
import { check, focused, login, open } from "./page_browser.mjs";

/** A learnt photograph's answer, a refused one's words. */
async function learn(page, name, files) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Photographs", { exact: true }).setInputFiles(files);
  await page.getByRole("button", { name: "Learn", exact: true }).click();
}

async function identify(page, file) {
  await page.getByLabel("Photograph", { exact: true }).setInputFiles(file);
  await page.getByRole("button", { name: "Look", exact: true }).click();
}

export const peopleStories = (settings) => ({
  async people(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    const of = (file) => `${settings.pictures}/${file}`;
    await login(visit, settings);
    await page.getByRole("link", { name: "People", exact: true }).click();
    await page.getByRole("heading", { name: "People", level: 1 }).waitFor();
    await page.getByText("Nobody is known yet.").waitFor();
    const stranger = page.locator(".strangers article").first();
    await stranger.waitFor();
    await visit.judge("people-none");

    await learn(page, "Grace", [of("no_face.jpg"), of("two_faces.jpg"), settings.small]);
    await page.getByText("Nothing of Grace was learnt.").waitFor();
    await page.getByText("no_face.jpg: No face found.").waitFor();
    await page.getByText("two_faces.jpg: There are two or more faces.").waitFor();
    await page.getByText("small.jpg: The face is too small.").waitFor();
    for (let refused = 0; refused < 3; ++refused) visit.expectFault(/422/);
    await visit.judge("people-refused");

    await learn(page, "Grace", [of("known_enrol.jpg")]);
    await page.getByText("Grace is known by this photograph.").waitFor();
    const card = page.getByRole("article", { name: "Grace", exact: true });
    await card.getByText("1 photograph", { exact: true }).waitFor();
    await identify(page, of("known_door.jpg"));
    await page.getByText(/^Grace, \d+ % sure$/).waitFor();

    await card.getByRole("button", { name: "Rename" }).click();
    await page.getByLabel("New name").fill("Ada");
    await page.keyboard.press("Enter");
    const ada = page.getByRole("article", { name: "Ada", exact: true });
    await ada.getByRole("button", { name: "Blacklist" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("a security event is recorded").waitFor();
    await focused(dialog.getByRole("button", { name: "Cancel" }), "the focus is not at Cancel");
    await visit.judge("people-blacklist");
    await dialog.getByRole("button", { name: "Blacklist" }).click();
    await ada.getByText("Blacklisted").waitFor();
    await identify(page, of("known_door.jpg"));
    await page.getByText(/^Ada, \d+ % sure, on the blacklist$/).waitFor();
    await ada.getByRole("button", { name: "Take off the blacklist" }).click();
    await page.getByText("Ada is off the blacklist.").waitFor();

    await stranger.getByRole("button", { name: "This is …" }).click(); // from a visit
    await stranger.getByLabel("Who is it?").fill("Ada");
    await page.keyboard.press("Enter");
    await page.getByText("Remembered as Ada").waitFor();
    await ada.getByText("2 photographs", { exact: true }).click();
    await visit.judge("people-known");
    await ada.getByRole("button", { name: /^Delete the photograph of Ada/ }).first().click();
    await ada.getByText("1 photograph", { exact: true }).waitFor();

    await ada.getByRole("button", { name: "Forget" }).focus();
    await page.keyboard.press("Enter");
    await dialog.getByText("This cannot be undone.").waitFor();
    await visit.judge("people-forget");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await focused(ada.getByRole("button", { name: "Forget" }), "the focus is lost");
    await page.keyboard.press("Enter");
    await dialog.getByRole("button", { name: "Forget" }).click();
    await page.getByText("Ada is forgotten.").waitFor();
    await page.getByText("Nobody is known yet.").waitFor();
    await visit.close();
  },

  /** A user sees who is known, and can change nothing. */
  async people_looked_at(how) {
    const visit = await open(settings, { ...how, locale: "de-DE" });
    const { page } = visit;
    await login(visit, settings, { password: "Passwort", now: "Jetzt" });
    await page.getByRole("link", { name: "Personen", exact: true }).click();
    await page.getByRole("heading", { name: "Grace", level: 3 }).waitFor();
    check((await page.locator("main button").count()) === 0, "there is a button");
    check((await page.locator("main form").count()) === 0, "there is a form");
    await visit.judge("people-user");
    await visit.close();
  },

  /** Without the networks the page says so. */
  async people_without_models(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await page.getByRole("link", { name: "People", exact: true }).click();
    await learn(page, "Grace", [settings.small]);
    await page.getByRole("alert").getByText("The house cannot look at faces").waitFor();
    visit.expectFault(/503/);
    const chosen = await page.getByLabel("Photographs", { exact: true }).evaluate((input) => [...input.files].map((file) => file.name));
    check(chosen.join() === "small.jpg", `the photograph that was chosen is gone: ${chosen}`);
    check((await page.getByLabel("Name", { exact: true }).inputValue()) === "Grace", "the name that was typed is gone");
    await visit.judge("people-without-models");
    await visit.close();
  },
});
