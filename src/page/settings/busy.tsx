// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";

/** Whole seconds since `going` became true; 0 while it is not. */
export function useSeconds(going: boolean): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (!going) return undefined;
    const timer = window.setInterval(() => setSeconds((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, [going]);
  return seconds;
}

/** The seconds that go by. It stands beside the live region that tells what goes on: inside, it would be read out each second. */
export const Counted = ({ text }: { text: string }) => <p class="soft counted">{text}</p>;
