// SPDX-License-Identifier: Apache-2.0
import { isAdmin, logout, user } from "../session";
import { language, speak, w, type Language } from "../words";

export function Menu() {
  return (
    <>
      <h1>{w().menu}</h1>
      {isAdmin() && (
        <section class="card">
          <h2>{w().settings}</h2>
          <p>{w().settingsText}</p>
          <p><a class="button" href="#/settings">{w().settings}</a></p>
        </section>
      )}
      <section class="card">
        <h2>{w().account}</h2>
        <p>{w().signedInAs(user.value?.name ?? "")}</p>
        <button type="button" onClick={() => void logout()}>{w().logout}</button>
      </section>
      <section class="card">
        <p class="field">
          <label for="language">{w().language}</label>
          <select id="language" value={language.value} onChange={(event) => speak(event.currentTarget.value as Language)}>
            <option value="en" lang="en">English</option>
            <option value="de" lang="de">Deutsch</option>
          </select>
        </p>
      </section>
    </>
  );
}
