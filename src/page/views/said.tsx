// SPDX-License-Identifier: Apache-2.0
import { piecesOf } from "../words/english";

/** A sentence, in which the daemon's own words are marked as the English that they are: else a screen reader speaks them as German. */
export function Said({ text }: { text: string }) {
  return <>{piecesOf(text).map((piece, index) => (index % 2 === 1 ? <span key={index} lang="en">{piece}</span> : piece))}</>;
}
