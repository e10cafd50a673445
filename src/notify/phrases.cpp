// SPDX-License-Identifier: Apache-2.0
#include "notify/phrases.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace porchlight::notify {
namespace {

constexpr Phrase table[] = {
    // The event, as a title.
    {"ring", "Someone is at the door", "Es klingelt"},
    {"test", "Test message", "Testnachricht"},
    {"test.text", "Porchlight reaches you here.", "Porchlight erreicht dich hier."},
    {"camera_lost", "Camera lost", "Kamera ausgefallen"},
    {"camera_back", "Camera back", "Kamera wieder da"},
    {"button_trouble", "Trouble with the button", "Störung der Klingel"},
    {"security", "Security event", "Sicherheitsmeldung"},
    {"motion", "Motion", "Bewegung"},
    {"gap", "Gap in the footage", "Lücke in der Aufnahme"},
    {"disk", "Trouble with the footage's disk", "Störung am Aufnahmespeicher"},
    {"disk.back", "The footage's disk is well again", "Aufnahmespeicher wieder in Ordnung"},
    {"alert", "Alert", "Warnung"},
    {"alert.resolved", "Resolved", "Behoben"},
    {"other", "Porchlight", "Porchlight meldet sich"},
    {"damaged", "This message is damaged.", "Diese Nachricht ist beschädigt."},
    // Answers of people.
    {"reply", "replies", "antwortet"},
    {"acknowledged", "sees to it", "kümmert sich"},
    // Who.
    {"who.known_person", "A known person", "Eine bekannte Person"},
    {"who.unknown_person", "An unknown person", "Eine unbekannte Person"},
    {"who.blacklist_match", "Blacklisted person", "Gesperrte Person"},
    {"who.no_face", "Nobody recognised", "Niemand erkannt"},
    {"who.error", "Nobody recognised", "Niemand erkannt"},
    // Why a camera was lost.
    {"fault.timeout", "It does not answer.", "Sie antwortet nicht."},
    {"fault.eof", "It ended the connection.", "Sie hat die Verbindung beendet."},
    {"fault.auth", "It refuses user or password.", "Sie lehnt Benutzer oder Passwort ab."},
    {"fault.network", "It cannot be reached.", "Sie ist nicht erreichbar."},
    {"fault.protocol", "It sends nothing that can be read.", "Sie sendet nichts Lesbares."},
    {"fault.stalled", "It sends no new pictures.", "Sie sendet keine neuen Bilder."},
    {"fault.chip_lost", "Its chip is gone.", "Ihr Chip ist weg."},
    {"fault.chip_back", "Its chip is back.", "Ihr Chip ist wieder da."},
    {"fault.stuck", "It is stuck.", "Sie klemmt."},
    {"fault.released", "It is released.", "Sie ist wieder frei."},
    {"fault.lost_edges", "Presses may have been lost.", "Klingeln können verloren gegangen sein."},
    {"away", "It was away for", "Sie war weg:"},
    // What is wrong with the disk on which footage lies.
    {"disk.full", "It is full; nothing is recorded.", "Er ist voll, es wird nichts aufgenommen."},
    {"disk.almost_full", "Footage that must stay leaves little room.",
     "Geschützte Aufnahmen lassen wenig Platz."},
    {"disk.read_only", "It cannot be written; nothing is recorded.",
     "Er lässt sich nicht beschreiben, es wird nichts aufgenommen."},
    {"disk.missing", "It is not there; nothing is recorded.", "Er fehlt, es wird nichts aufgenommen."},
    {"disk.wrong_volume", "It is another one; nothing is recorded.",
     "Es ist ein anderer, es wird nichts aufgenommen."},
    {"disk.error", "Writing failed.", "Das Schreiben ist fehlgeschlagen."},
    {"disk.damaged_index", "The index was damaged and is made anew from the files.",
     "Das Verzeichnis war beschädigt und wird aus den Dateien neu erstellt."},
    // Why nothing was recorded.
    {"cause.timeout", "The camera did not answer.", "Die Kamera antwortete nicht."},
    {"cause.eof", "The camera ended the connection.", "Die Kamera hat die Verbindung beendet."},
    {"cause.auth", "The camera refused user or password.", "Die Kamera lehnte Benutzer oder Passwort ab."},
    {"cause.network", "The camera could not be reached.", "Die Kamera war nicht erreichbar."},
    {"cause.protocol", "The camera sent nothing that can be read.", "Die Kamera sendete nichts Lesbares."},
    {"cause.stalled", "The camera sent no new pictures.", "Die Kamera sendete keine neuen Bilder."},
    {"cause.lost_packets", "Pictures were lost on the way.", "Bilder gingen unterwegs verloren."},
    {"cause.undecodable", "Pictures came that cannot be shown.",
     "Es kamen Bilder, die nicht darstellbar sind."},
    {"cause.codec", "The camera sends what cannot be recorded.",
     "Die Kamera sendet, was nicht aufgenommen werden kann."},
    {"cause.overload", "The machine did not keep up.", "Der Rechner kam nicht nach."},
    {"cause.disk_full", "The disk was full.", "Der Speicher war voll."},
    {"cause.disk_error", "Writing to the disk failed.", "Das Schreiben auf den Speicher schlug fehl."},
    {"cause.volume", "The disk was not there or could not be written.",
     "Der Speicher fehlte oder ließ sich nicht beschreiben."},
    {"cause.configuration", "The camera was being set up anew.", "Die Kamera wurde neu eingerichtet."},
    {"cause.stopped", "Porchlight was stopped.", "Porchlight war angehalten."},
    {"cause.crash", "Porchlight had crashed.", "Porchlight war abgestürzt."},
    {"cause.power_cut", "The machine lost power or was restarted.",
     "Der Rechner war ohne Strom oder wurde neu gestartet."},
    {"cause.damaged", "Footage cannot be read any more.", "Aufnahmen sind nicht mehr lesbar."},
    {"gap.lasts", "Nothing is recorded; it goes on.", "Es wird nichts aufgenommen, noch immer."},
    {"gap.ended", "Nothing was recorded for", "Nichts aufgenommen:"},
    // Kinds of security events.
    {"kind.blacklist_match", "Blacklisted person", "Gesperrte Person"},
    {"kind.failed_login", "Failed login", "Fehlgeschlagene Anmeldung"},
    {"kind.account_lockout", "Account locked", "Konto gesperrt"},
    {"kind.unauthorized_access", "Refused access", "Zugriff verweigert"},
    {"kind.token_violation", "A token was misused", "Ein Token wurde missbraucht"},
    {"kind.privilege_escalation", "Someone reached for more rights", "Jemand wollte mehr Rechte"},
    {"kind.injection_attempt", "Attack on the interface", "Angriff auf die Schnittstelle"},
    {"kind.malformed_request", "Malformed request", "Fehlerhafte Anfrage"},
    {"kind.tamper", "Tampering", "Manipulation"},
    {"kind.audit_integrity_failure", "The audit log was changed", "Das Protokoll wurde verändert"},
    {"kind.config_change", "The configuration was changed", "Die Einstellungen wurden geändert"},
    {"kind.erasure_request", "Somebody was forgotten", "Jemand wurde vergessen"},
    // How grave an alert is.
    {"severity.critical", "Critical", "Kritisch"},
    {"severity.high", "High", "Hoch"},
    {"severity.warning", "Warning", "Warnung"},
    {"severity.medium", "Medium", "Mittel"},
    {"severity.low", "Low", "Niedrig"},
    {"severity.info", "For information", "Zur Information"},
    // What a rule adds.
    {"escalation", "Nobody has answered yet.", "Noch hat niemand geantwortet."},
    {"more.one", "{n} more since the last message", "{n} weitere Meldung seit der letzten Nachricht"},
    {"more.many", "{n} more since the last message", "{n} weitere Meldungen seit der letzten Nachricht"},
    // Spans of time.
    {"seconds.one", "{n} second", "{n} Sekunde"},
    {"seconds.many", "{n} seconds", "{n} Sekunden"},
    {"minutes.one", "{n} minute", "{n} Minute"},
    {"minutes.many", "{n} minutes", "{n} Minuten"},
    {"hours.one", "{n} hour", "{n} Stunde"},
    {"hours.many", "{n} hours", "{n} Stunden"},
    {"days.one", "{n} day", "{n} Tag"},
    {"days.many", "{n} days", "{n} Tage"},
    // Months.
    {"month.0", "January", "Januar"},
    {"month.1", "February", "Februar"},
    {"month.2", "March", "März"},
    {"month.3", "April", "April"},
    {"month.4", "May", "Mai"},
    {"month.5", "June", "Juni"},
    {"month.6", "July", "Juli"},
    {"month.7", "August", "August"},
    {"month.8", "September", "September"},
    {"month.9", "October", "Oktober"},
    {"month.10", "November", "November"},
    {"month.11", "December", "Dezember"},
};

std::tm local_of(WallTime at) {
  const auto seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at));
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local;
}

}  // namespace

std::span<const Phrase> phrases() {
  return table;
}

std::string say(std::string_view key, Language language) {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [&](const Phrase& phrase) { return phrase.key == key; });
  if (found == std::end(table)) return {};
  return std::string(language == Language::german ? found->german : found->english);
}

std::string say_count(std::string_view key, std::uint64_t number, Language language) {
  auto text = say(std::string(key) + (number == 1 ? ".one" : ".many"), language);
  if (const auto place = text.find("{n}"); place != std::string::npos)
    text.replace(place, 3, std::to_string(number));
  return text;
}

std::string say_span(std::chrono::seconds span, Language language) {
  using namespace std::chrono_literals;
  const auto of = [&](const char* unit, std::chrono::seconds one) {
    return say_count(unit, static_cast<std::uint64_t>(std::max(0s, span) / one), language);
  };
  if (span < 1min) return of("seconds", 1s);
  if (span < 1h) return of("minutes", 1min);
  return span < 48h ? of("hours", 1h) : of("days", 24h);
}

std::string say_time(WallTime at) {
  const auto local = local_of(at);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d", local.tm_hour, local.tm_min);
  return text.data();
}

std::string say_date(WallTime at, Language language) {
  const auto local = local_of(at);
  return std::to_string(local.tm_mday) + (language == Language::german ? ". " : " ") +
         say("month." + std::to_string(local.tm_mon), language) + ' ' + std::to_string(local.tm_year + 1900);
}

}  // namespace porchlight::notify
