// SPDX-License-Identifier: Apache-2.0
// node settings_stories.mjs STORY SIZE SCHEME: one story of the settings against the daemon that PAGE_SETTINGS (JSON) names.
import process from "node:process";
import { check, focused, listen, login, open, tell, yourTurn } from "./page_browser.mjs";
import { filesStories } from "./settings_files_stories.mjs";
import { inside, item } from "./settings_way.mjs";

const settings = JSON.parse(process.env.PAGE_SETTINGS);

const gone = (place) => place.waitFor({ state: "detached" });
const focusedIn = (page, text) => page.waitForFunction((words) => document.activeElement !== document.body && document.activeElement?.textContent.includes(words), text);

const stories = {
  /** Somebody is invited, gets another role, is locked out and removed. */
  async users(how) {
    const visit = await inside(settings, how, "Users");
    const { page } = visit;
    await item(page, "anna").getByText("This is you").waitFor();
    check((await item(page, "anna").getByRole("button", { name: "Remove anna" }).count()) === 0, "one may remove oneself");
    await page.getByRole("button", { name: "Invite somebody" }).click();
    await focusedIn(page, "Invite somebody");
    await page.getByRole("button", { name: "Invite", exact: true }).click(); // without a name
    await page.getByText("This is needed.").waitFor();
    await focused(page.getByLabel("Account name"), "the field that is wrong has no focus");
    check((await page.getByLabel("Account name").getAttribute("aria-describedby")).includes("fault"), "the fault is not with its field");
    await page.getByLabel("Account name").fill("anna");
    await page.getByLabel("All cameras").uncheck();
    await page.getByRole("group", { name: "Cameras" }).getByLabel("Front door").check();
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByRole("alert").getByText("There is an account of that name").waitFor();
    visit.expectFault(/409/);
    check(await page.getByRole("group", { name: "Cameras" }).getByLabel("Front door").isChecked(), "an error costs what was chosen");
    await visit.judge("settings-invite");
    await page.getByRole("link", { name: "Now" }).click(); // away and back: what was typed is there
    await page.getByRole("heading", { name: "Now", level: 1 }).waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "Invite somebody" }).click();
    check((await page.getByLabel("Account name").inputValue()) === "anna", "a look at another page costs what was typed");
    const name = `bert-${how.size}-${how.scheme}`;
    await page.getByLabel("Account name").fill(name);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `Invitation for ${name}` }).waitFor();
    await focusedIn(page, `Invitation for ${name}`); // who hears the page hears that there is a code
    const code = (await page.locator("code.secret").textContent()).trim();
    check(/^[A-Z0-9-]{10,}$/.test(code), `no code: ${code}`);
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText(/Copied\.|copy it by hand/).waitFor();
    await visit.judge("settings-invitation");
    await yourTurn(`register ${name} ${code}`);
    await page.getByRole("button", { name: "Done" }).click();
    await gone(page.locator("code.secret"));
    await page.reload();
    await item(page, name).getByText("Viewer · Front door").waitFor();
    check((await page.getByText(code).count()) === 0, "the code is shown again");
    await item(page, name).getByRole("button", { name: `Edit ${name}` }).click();
    await page.getByLabel("Role").selectOption({ label: "User" });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").getByText("Saved.").waitFor();
    await item(page, name).getByText("User · Front door").waitFor();
    await item(page, name).getByRole("button", { name: `Lock ${name}` }).click();
    await item(page, name).getByText("Locked").waitFor();
    check((await yourTurn(`login ${name}`)) === "401", "who is locked logs in");
    await item(page, name).getByRole("button", { name: `Unlock ${name}` }).click();
    await gone(item(page, name).getByText("Locked"));
    check((await yourTurn(`login ${name}`)) === "200", "who is unlocked does not log in");
    await item(page, name).getByRole("button", { name: `Remove ${name}` }).click();
    await focusedIn(page, "Keep it");
    await page.keyboard.press("Escape");
    await focusedIn(page, "Remove");
    await item(page, name).getByRole("button", { name: `Remove ${name}` }).click();
    await visit.judge("settings-users");
    await item(page, name).getByRole("button", { name: "Remove", exact: true }).click();
    await gone(item(page, name));
    await focusedIn(page, "Invite somebody"); // the focus is not lost with what was removed
    await item(page, "anna").getByRole("button", { name: "Edit anna" }).click(); // the last administrator stays one
    await page.getByLabel("Role").selectOption({ label: "Viewer" });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("the last administrator").waitFor();
    visit.expectFault(/409/);
    await visit.close();
  },

  /** A token is made, used, and refused once it is revoked. */
  async tokens(how) {
    const visit = await inside(settings, how, "Tokens");
    const { page } = visit;
    const name = `hass-${how.size}-${how.scheme}`;
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("group", { name: "It may" }).getByLabel("ring and answer").check();
    await page.getByLabel("Days until it expires").fill("4000");
    await page.getByRole("button", { name: "Make the token" }).click();
    await page.getByRole("alert").getByText("days").waitFor();
    visit.expectFault(/400/);
    check((await page.getByLabel("Name", { exact: true }).inputValue()) === name, "an error costs what was typed");
    await visit.judge("settings-token");
    await page.getByLabel("Days until it expires").fill("30");
    await page.getByRole("button", { name: "Make the token" }).click();
    await page.getByRole("heading", { name: `Token “${name}”` }).waitFor();
    await focusedIn(page, `Token “${name}”`);
    const token = (await page.locator("code.secret").textContent()).trim();
    await visit.judge("settings-token-made");
    check((await yourTurn(`use ${token}`)) === "200", "the token is refused");
    await page.getByRole("button", { name: "Done" }).click();
    await item(page, name).getByText("see pictures and events, ring and answer").waitFor();
    await item(page, name).getByRole("button", { name: `Revoke ${name}` }).click();
    await item(page, name).getByRole("button", { name: "Revoke", exact: true }).click();
    await gone(item(page, name));
    check((await yourTurn(`use ${token}`)) === "401", "a revoked token is taken");
    await visit.judge("settings-tokens");
    await visit.close();
  },

  /** From nothing to a camera that is seen: what is wrong is said, what was typed stays. */
  async cameras(how) {
    const visit = await inside(settings, how, "Cameras");
    const { page } = visit;
    const name = `Yard ${how.size}`;
    await page.getByRole("button", { name: "Add a camera" }).click();
    await focusedIn(page, "Add a camera");
    await page.getByRole("button", { name: "Try" }).click(); // without an address
    await page.getByText("This is needed.").waitFor();
    await focused(page.getByLabel("Address", { exact: true }), "the field that is wrong has no focus");
    await page.getByLabel("Address", { exact: true }).fill(settings.rtsp.replace(/:\d+\//, ":1/"));
    await page.getByRole("button", { name: "Try" }).click();
    await page.getByRole("alert").getByText("Nothing answers at this address").waitFor();
    visit.expectFault(/422/);
    await page.getByLabel("Address", { exact: true }).fill(settings.rtsp);
    await gone(page.getByText("Nothing answers at this address")); // it was said of another address
    await page.getByLabel("User at the camera").fill("viewer");
    await page.getByLabel("Password at the camera").fill("wrong");
    await page.getByRole("button", { name: "Try" }).click();
    await page.getByRole("alert").getByText("refuses user or password").waitFor();
    visit.expectFault(/422/);
    await visit.judge("settings-camera-refused");
    await page.getByLabel("Password at the camera").fill("right");
    await page.getByRole("button", { name: "Try" }).click();
    await page.getByText(/^Found: h264/i).waitFor();
    await page.waitForFunction(() => document.querySelector(".trial img")?.naturalWidth > 0);
    await visit.judge("settings-camera-found");
    await page.getByRole("button", { name: "Save" }).click(); // without a name
    await page.getByText("This is needed.").waitFor();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("group").getByText("More").click();
    await page.getByLabel("Address of a smaller stream").fill("rstp://wrong");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("was not saved").waitFor();
    visit.expectFault(/422/);
    const small = page.getByLabel("Address of a smaller stream");
    await focused(small, "the field that the daemon refuses has no focus");
    check((await small.getAttribute("aria-invalid")) === "true", "the daemon's fault is not with its field");
    check((await page.getByLabel("Password at the camera").inputValue()) === "right", "an error costs what was typed");
    await visit.judge("settings-camera-fault");
    await small.fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").getByText("Saved.").waitFor();
    await item(page, name).getByText("Connected", { exact: true }).waitFor();
    await visit.judge("settings-cameras");
    await item(page, name).getByRole("button", { name: `Edit ${name}` }).click();
    await page.getByText("One is set.").waitFor();
    await page.getByRole("button", { name: "Try" }).click(); // with the password that is stored
    await page.getByText(/^Found: h264/i).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await focusedIn(page, name);
    await item(page, name).getByRole("button", { name: `Switch off: ${name}` }).click();
    await item(page, name).getByText("Switched off").waitFor();
    await item(page, name).getByRole("button", { name: `Switch on: ${name}` }).click();
    await item(page, name).getByText("Connected", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Now" }).click();
    await page.getByRole("link", { name: `${name}: full view` }).waitFor();
    await page.goBack();
    await item(page, name).getByRole("button", { name: `Remove ${name}` }).click();
    await item(page, name).getByRole("button", { name: "Remove", exact: true }).click();
    await gone(item(page, name));
    await visit.close();
  },

  /** A button that rings by command is seen; one whose line is not there is not, and it is said what to look at. */
  async buttons(how) {
    const visit = await inside(settings, how, "Buttons");
    const { page } = visit;
    const name = `Gate ${how.size}`;
    await page.getByRole("button", { name: "Add a button" }).click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Camera that looks at the visitor").selectOption({ label: "Front door" });
    await page.getByRole("button", { name: "Save" }).click(); // without its line
    await page.getByText("This is needed.").waitFor();
    await page.getByLabel("Kind").selectOption({ label: "By command only" });
    await gone(page.getByLabel("Line", { exact: true }));
    await page.getByRole("button", { name: "Save" }).click();
    await item(page, name).getByText("Ready").waitFor();
    await item(page, name).getByRole("button", { name: `Press now: ${name}` }).click();
    const dialog = page.getByRole("alertdialog", { name: "Somebody rings" }); // it rings as always
    await dialog.getByRole("button", { name: "I'm going" }).click(); // else it waits for the next who opens the page
    await dialog.getByText("anna is going").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await gone(dialog);
    await item(page, name).getByText(/Seen at /).waitFor();
    await visit.judge("settings-button-seen");
    await item(page, name).getByRole("button", { name: `Edit ${name}` }).click();
    await page.getByLabel("Kind").selectOption({ label: "A contact at a line of this machine" });
    await page.getByLabel("Line", { exact: true }).fill("17");
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Chip").fill("no_such_chip");
    await visit.judge("settings-button");
    await page.getByRole("button", { name: "Save" }).click();
    await item(page, name).getByText("Cannot be read").waitFor();
    await item(page, name).getByRole("button", { name: `Press now: ${name}` }).click();
    await item(page, name).getByText("Press the button now.").waitFor();
    const heard = await listen(item(page, name).getByRole("status"));
    const seen = await listen(item(page, name));
    await item(page, name).getByText("Not seen.").waitFor();
    const told = await heard();
    check((await seen()).some((text) => /Waiting for (1?\d|2[0-7]) s more/.test(text)), "it does not count, for the eye");
    check(told.length === 2 && told[1].startsWith("Not seen."), `the seconds are read out: ${JSON.stringify(told)}`);
    await visit.judge("settings-button-not-seen");
    await item(page, name).getByRole("button", { name: `Remove ${name}` }).click();
    await item(page, name).getByRole("button", { name: "Remove", exact: true }).click();
    await gone(item(page, name));
    await visit.close();
  },

  /** A channel is added and tried, a rule sends rings to it, and it is seen who would be told. */
  async messages(how) {
    const visit = await inside(settings, how, "Channels");
    const { page } = visit;
    const name = `hook_${how.size}`;
    await page.getByRole("button", { name: "Add a channel" }).click();
    await page.getByLabel("Kind").selectOption({ label: "Webhook" });
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Address", { exact: true }).fill("ftp://wrong");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("was not saved").waitFor();
    visit.expectFault(/422/);
    await visit.judge("settings-channel-fault");
    await page.getByLabel("Address", { exact: true }).fill(settings.hook);
    await page.getByRole("button", { name: "Save" }).click();
    await item(page, name).getByRole("button", { name: `Send a test message to ${name}` }).click();
    await item(page, name).getByText(/Delivered after/).waitFor();
    await visit.judge("settings-channels");
    await yourTurn("refuse"); // the other end
    await item(page, name).getByRole("button", { name: `Send a test message to ${name}` }).click();
    await item(page, name).getByRole("alert").getByText("Not delivered").waitFor();
    await yourTurn("take");

    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Rules" }).click();
    await page.getByRole("heading", { name: "Rules", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Add a rule" }).click();
    await page.getByRole("button", { name: "Save" }).click(); // to nobody
    await page.getByText("Choose at least one.").waitFor();
    await page.getByRole("group", { name: "Tell" }).getByLabel(name).check();
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Only in these hours").fill("10:00-12:00");
    await visit.judge("settings-rule");
    await page.getByRole("button", { name: "Save" }).click();
    const words = page.getByText(`When somebody rings, tell ${name}, with the picture; only 10:00-12:00.`);
    await words.waitFor();
    await page.getByLabel("If this happened").selectOption({ label: "A ring" });
    await page.getByLabel("At (optional)", { exact: true }).fill("2026-03-02T11:00");
    await page.getByRole("button", { name: "Look" }).click();
    await page.getByText(`${name} would be told`).waitFor();
    await visit.judge("settings-rules");
    await page.getByLabel("At (optional)", { exact: true }).fill("2026-03-02T13:00");
    await page.getByRole("button", { name: "Look" }).click();
    await page.getByText("Nobody would be told.").waitFor();
    await page.getByText("Why", { exact: true }).click();
    await page.getByText("not in its hours").waitFor();
    await page.getByRole("listitem").filter({ has: words }).getByRole("button", { name: /^Edit/ }).click();
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Only in these hours").fill("");
    await page.getByRole("button", { name: "Save" }).click();
    const always = page.getByText(`When somebody rings, tell ${name}, with the picture.`, { exact: true });
    await always.waitFor();
    await yourTurn("ring"); // and the rule is held: the hook has it
    const dialog = page.getByRole("alertdialog", { name: "Somebody rings" });
    await dialog.getByRole("button", { name: "I'm going" }).click();
    await dialog.getByText("anna is going").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await gone(dialog);
    const rule = page.getByRole("listitem").filter({ has: always });
    await rule.getByRole("button", { name: /^Remove/ }).click();
    await rule.getByRole("button", { name: "Remove", exact: true }).click();
    await gone(always);
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Channels" }).click();
    await item(page, name).getByRole("button", { name: `Remove ${name}` }).click();
    await item(page, name).getByRole("button", { name: "Remove", exact: true }).click();
    await gone(item(page, name));
    await visit.close();
  },

  /** Who is no administrator finds no way in, and no settings at its address. */
  async others(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await page.getByRole("link", { name: "Menu" }).click();
    await page.getByRole("button", { name: "Log out" }).waitFor();
    check((await page.getByRole("link", { name: "Settings" }).count()) === 0, "there is a way in");
    await page.goto(`${settings.url}#/settings/users`);
    await page.getByRole("alert").getByText("Ask an administrator").waitFor();
    await visit.judge("settings-forbidden");
    await visit.close();
  },

  /** A house with nothing in it leads its administrator to the settings. */
  async first_steps(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await page.getByRole("link", { name: "Add your first camera" }).waitFor();
    check(visit.bytes() < 200 * 1024, `${visit.bytes()} bytes at first view`);
    await visit.judge("first-steps");
    await page.getByRole("link", { name: "Add your first camera" }).click();
    await page.getByRole("heading", { name: "Cameras", level: 1 }).waitFor();
    await visit.judge("settings-cameras-none");
    await visit.close();
  },

  /** Every section in German, and a form in it that goes wrong: the daemon's own words are marked as English. */
  async german(how) {
    const visit = await open(settings, { ...how, locale: "de-DE" });
    const { page } = visit;
    await login(visit, settings, { password: "Passwort", now: "Jetzt" });
    await page.getByRole("link", { name: "Menü" }).click();
    await page.getByRole("link", { name: "Einstellungen" }).click();
    await page.getByRole("heading", { name: "Einstellungen", level: 1 }).waitFor();
    await visit.judge("settings");
    for (const section of settings.sections) {
      await page.goto(`${settings.url}#/settings/${section[0]}`);
      await page.getByRole("heading", { name: section[1], level: 1 }).waitFor();
      if (section[2]) await page.getByRole("button", { name: section[2] }).first().click();
      await visit.judge(`settings-${section[0]}`);
    }
    await page.goto(`${settings.url}#/settings/cameras`);
    await page.getByRole("button", { name: "Kamera hinzufügen" }).click();
    await page.getByRole("button", { name: "Speichern" }).click();
    await page.getByText("Das wird gebraucht.").first().waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Hof");
    await page.getByLabel("Adresse", { exact: true }).fill("rtsp://127.0.0.1:1/hof"); // nobody is there
    await page.getByRole("button", { name: "Ausprobieren" }).click();
    await page.getByRole("alert").getByText("Unter dieser Adresse antwortet nichts.").waitFor();
    visit.expectFault(/422/);
    check((await page.locator(".trial [role=alert] [lang=en]").count()) === 1, "what the daemon says of the trial is not marked as English");
    await visit.judge("settings-trial-refused");
    await page.getByLabel("Adresse", { exact: true }).fill("rstp://127.0.0.1/hof");
    await page.getByRole("button", { name: "Speichern" }).click();
    await page.getByRole("alert").getByText("Das wurde nicht gespeichert. Berichtigen Sie, was markiert ist.").waitFor();
    visit.expectFault(/422/);
    const fault = page.locator(".field-fault");
    check((await fault.count()) === 1, "more is marked than what is wrong");
    check((await fault.locator("[lang=en]").textContent()).includes("rstp"), "the daemon's fault is not marked as English");
    await visit.judge("settings-fault");
    await page.getByRole("button", { name: "Abbrechen" }).click();
    await visit.close();
  },
};

await tell({ ...stories, ...filesStories(settings) });
