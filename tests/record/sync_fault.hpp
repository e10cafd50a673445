// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace porchlight::record::test {

// So many of the next syncs of a `.part` fail with EIO. The real one is not even tried, as the kernel does
// that has given up the pages.
void fail_part_syncs(int count);
// How many of them are still to come.
int part_syncs_to_fail();

}  // namespace porchlight::record::test
