// SPDX-License-Identifier: Apache-2.0
// The stories of settings that are not the page's alone: those that stand in files, that others refer to, that somebody else changes meanwhile.
import { check, focused, yourTurn } from "./page_browser.mjs";
import { across, inside, item } from "./settings_way.mjs";

const saved = (page) => page.getByRole("status").getByText("Saved.").waitFor();
const field = (page, label) => page.getByLabel(label, { exact: true });

async function edit(page, name) {
  await item(page, name).getByRole("button", { name: `Edit ${name}` }).click();
  await page.getByRole("heading", { name: `Edit ${name}` }).waitFor();
}

export const filesStories = (settings) => ({
  /** What was made by hand can be changed and switched off; it cannot be removed, and what its file sets cannot be taken away. */
  async by_hand(how) {
    const visit = await inside(settings, how, "Cameras");
    const { page } = visit;
    const yard = item(page, "Yard");
    await yard.getByText("From porchlight.yaml").waitFor();
    check((await yard.getByRole("button", { name: "Remove Yard" }).count()) === 0, "it offers to remove what is in a file");
    await edit(page, "Yard");
    await field(page, "Record").selectOption({ label: "Never" });
    await field(page, "Name (optional)").fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("This was not saved. Set right what is marked.").waitFor();
    visit.expectFault(/422/);
    const name = field(page, "Name (optional)");
    await focused(name, "the field that is wrong has no focus");
    check((await name.getAttribute("aria-invalid")) === "true", "the field that is wrong is not marked");
    await page.locator(".field-fault").getByText("porchlight.yaml").waitFor();
    check((await field(page, "Record").inputValue()) === "off", "an error costs what was chosen");
    await visit.judge("settings-by-hand-fault");
    await name.fill("Yard");
    await page.getByRole("button", { name: "Save" }).click();
    await saved(page);
    await yard.getByRole("button", { name: "Switch off: Yard" }).click();
    await yard.getByText("Switched off").waitFor();
    await visit.judge("settings-by-hand");
    await yard.getByRole("button", { name: "Switch on: Yard" }).click();
    await yard.getByRole("button", { name: "Switch off: Yard" }).waitFor();

    await across(page, "Buttons"); // the fault is of a field that is not seen then
    await edit(page, "Gate");
    await field(page, "Kind").selectOption({ label: "By command only" });
    await page.getByRole("button", { name: "Save" }).click();
    const alert = page.getByRole("alert");
    await alert.getByText("It was not saved:").waitFor();
    visit.expectFault(/422/);
    await alert.getByText(/line: .*porchlight\.yaml/).waitFor();
    check((await alert.getByText("what is marked").count()) === 0, "it speaks of marks where there are none");
    await visit.judge("settings-by-hand-unseen");
    await page.getByRole("button", { name: "Cancel" }).click();
    await item(page, "Gate").getByText("Line 17").waitFor();
    await visit.close();
  },

  /** A file of the page's name that somebody made by hand is left alone: it is said, and nothing is offered that would fail. */
  async read_only(how) {
    const visit = await inside(settings, how, "Buttons");
    const { page } = visit;
    await item(page, "Mine").waitFor();
    check((await page.getByText(/nothing can be saved here/i).textContent()).includes("50-page.yaml"), "it is not said which file");
    check((await page.getByRole("button", { name: /^(Add|Edit|Remove)/ }).count()) === 0, "it offers what cannot be saved");
    await visit.judge("settings-read-only");
    await across(page, "Cameras");
    await item(page, "Front door").waitFor();
    check((await page.getByRole("button", { name: /^(Add|Edit|Switch|Remove)/ }).count()) === 0, "it offers what cannot be saved");
    await visit.close();
  },

  /** Another file has the last word: it is named. */
  async last_word(how) {
    const visit = await inside(settings, how, "Buttons");
    const { page } = visit;
    await edit(page, "Mine");
    await field(page, "Name (optional)").fill("Theirs");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("It was not changed:").waitFor();
    visit.expectFault(/409/);
    await page.locator(".field-fault").getByText("config.d/90-mine.yaml").waitFor();
    check((await field(page, "Name (optional)").inputValue()) === "Theirs", "an error costs what was typed");
    await visit.judge("settings-last-word");
    await page.getByRole("button", { name: "Cancel" }).click();
    await item(page, "Mine").waitFor();
    await visit.close();
  },

  /** The camera of a button stays, and it is said which button that is. */
  async needed(how) {
    const visit = await inside(settings, how, "Cameras");
    const { page } = visit;
    await page.getByRole("button", { name: "Add a camera" }).click();
    await field(page, "Name").fill("Back yard");
    await field(page, "Address").fill("rtsp://127.0.0.1:1/back");
    await page.getByText("Its id will be “back_yard”.").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await saved(page);
    await across(page, "Buttons");
    await page.getByRole("button", { name: "Add a button" }).click();
    await field(page, "Name").fill("Garden bell");
    await field(page, "Camera that looks at the visitor").selectOption({ label: "Back yard" });
    await field(page, "Kind").selectOption({ label: "By command only" });
    await page.getByRole("button", { name: "Save" }).click();
    await saved(page);
    await across(page, "Cameras");
    const remove = async () => {
      await item(page, "Back yard").getByRole("button", { name: "Remove Back yard" }).click();
      await item(page, "Back yard").getByRole("button", { name: "Remove", exact: true }).click();
    };
    await remove();
    await page.getByRole("alert").getByText("It was not changed:").waitFor();
    visit.expectFault(/409/);
    await page.getByRole("alert").getByText("Garden bell").waitFor();
    await item(page, "Back yard").waitFor();
    await visit.judge("settings-needed");
    await across(page, "Buttons");
    await item(page, "Garden bell").getByRole("button", { name: "Remove Garden bell" }).click();
    await item(page, "Garden bell").getByRole("button", { name: "Remove", exact: true }).click();
    await item(page, "Garden bell").waitFor({ state: "detached" });
    await across(page, "Cameras");
    await remove();
    await item(page, "Back yard").waitFor({ state: "detached" });
    await visit.close();
  },

  /** Two administrators at the same entry: the second sees what the first did, and undoes none of it. */
  async between(how) {
    const visit = await inside(settings, how, "Cameras");
    const { page } = visit;
    await edit(page, "Yard");
    await field(page, "Name (optional)").fill("Court");
    await yourTurn("change"); // the other: recorded around events only
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("Somebody changed the settings in between").waitFor();
    visit.expectFault(/412/);
    check((await field(page, "Record").inputValue()) === "events", "it is not seen what the other changed");
    check((await field(page, "Name (optional)").inputValue()) === "Court", "what was typed is lost");
    await visit.judge("settings-between");
    await page.getByRole("button", { name: "Save" }).click();
    await saved(page);
    await item(page, "Court").waitFor();
    await yourTurn("look"); // both changes are there

    await edit(page, "Side"); // and one that the other removes
    await field(page, "Name (optional)").fill("Aside");
    await yourTurn("remove");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("Somebody removed this in between.").waitFor();
    visit.expectFault(/412/);
    check((await page.getByRole("heading", { name: "Side" }).count()) === 0, "it is there again");
    await visit.close();
  },

  /** Where a file says `rules: []` nobody is told of a ring, and the page does not say otherwise. */
  async silence(how) {
    const visit = await inside(settings, how, "Channels");
    const { page } = visit;
    await page.getByText("nobody is told until a rule is made here").waitFor();
    await visit.judge("settings-silence");
    await page.getByRole("main").getByRole("link", { name: "Add a rule" }).click();
    await page.getByRole("heading", { name: "Rules", level: 1 }).waitFor();
    await page.getByText("nobody is told until a rule is made here").waitFor();
    await page.getByRole("button", { name: "Add a rule" }).click();
    await page.getByRole("group", { name: "Tell" }).getByLabel("hook").check();
    await page.getByRole("button", { name: "Save" }).click();
    await saved(page);
    await page.getByText("When somebody rings, tell hook, with the picture.").waitFor();
    check((await page.getByText("nobody is told").count()) === 0, "it is still silence");
    await visit.close();
  },
});
